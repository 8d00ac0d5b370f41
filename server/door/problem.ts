/** Refusals as RFC 9457 problem documents, and the one total table from failure to HTTP status. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { FailureCode } from '../glossary/failure.ts'
import { Failure } from '../tools/failure.ts'

const STATUS = {
  'request/invalid': 400,
  'request/not-found': 404,
  'request/too-large': 413,
  'people/unauthenticated': 401,
  'people/forbidden': 403,
  'help-point/unknown': 404,
  'press/too-many': 429,
  'press/out-of-time': 401,
  'press/unreadable': 422,
  'outbox/unknown': 404,
  'connector/unknown': 404,
  'connector/busy': 409,
  'connector/unreachable': 502,
  'incident/unknown': 404,
  'incident/taken': 409,
  'incident/pressed-again': 409,
  'incident/not-asked': 409,
  'register/reading': 503,
  'register/busy': 503,
  'incident/closed': 409,
  'incident/not-closed': 409,
  'incident/not-yours': 409,
  'incident/other-open': 409,
  'town/changing-hands': 503,
  'town/no-answer': 503,
  'town/not-a-member': 403,
  'responder/unknown': 404,
  'responder/over': 410,
  'responder/contact': 422,
  'responder/minutes': 422,
  'responder/no-address': 409,
  'responder/too-many': 429,
  'responder/no-note': 404,
  'camera/unknown': 404,
  'camera/outside-networks': 422,
  'camera/no-such-device': 422,
  'camera/fixed': 409,
  'camera/unreachable': 503,
  'camera/refused': 502,
  'camera/held': 409,
  'camera/in-hand': 409,
  'camera/no-centring': 409,
  'preset/unknown': 404,
  'preset/in-use': 409,
  'preset/not-there': 409,
  'preset/no-picture': 404,
  'call/unknown': 404,
  'call/taken': 409,
  'call/busy': 409,
  'call/unreachable': 409,
  'call/not-yours': 409,
  'call/ended': 410,
  'call/not-answered': 409,
  'call/no-keys': 409,
  'call/no-trunk': 409,
  'call/no-speaker': 409,
  'call/not-here': 409,
  'call/no-phrase': 404,
  'call/no-such-party': 404,
  'call/no-recording': 404,
  'snapshot/unknown': 404,
  'snapshot/changed': 409,
  'snapshot/too-many': 409,
  'clip/none': 404,
  'clip/unreadable': 409,
  'export/unknown': 404,
  'export/refused': 422,
  'export/not-ready': 409,
  'export/gone': 410,
  'export/no-such-range': 416,
  'export/changed': 409,
  'export/unplayable': 409,
  'export/no-signer': 503,
  'export/no-room': 507,
  'export/too-large': 422,
  'disclosure/unknown': 404,
  'disclosure/over': 410,
  'disclosure/too-many': 429,
  'people/confirm-first': 403,
  'people/too-many-tries': 429,
  'people/busy': 503,
  'people/directory-away': 503,
  'people/second-step': 401,
  'people/factor-first': 403,
  'factor/unknown': 404,
  'factor/refused': 422,
  'factor/too-many': 409,
  'factor/no-passkeys': 409,
  'user/unknown': 404,
  'user/taken': 409,
  'user/last-supervisor': 409,
  'user/weak-password': 422,
  'session/unknown': 404,
  'token/unknown': 404,
  'view/no-reason': 422,
  'live/none': 503,
  'live/ahead': 400,
  'shift/unknown': 404,
  'shift/signed': 409,
  'shift/same-person': 409,
  'clip/same-person': 409,
  'clip/lock-shorter': 409,
  'site/invalid': 422,
  'site/unknown': 404,
  'site/referenced': 422,
  'site/changed': 412,
  'site/no-version': 428,
  'site/nothing-to-undo': 409,
  'site/unwritable': 409,
  'ledger/unavailable': 503,
  'video/unavailable': 503,
} satisfies Record<FailureCode, number>

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  410: 'Gone',
  412: 'Changed meanwhile',
  413: 'Too large',
  414: 'Address too long',
  415: 'Not JSON',
  416: 'No such range',
  422: 'Cannot be done',
  428: 'Version needed',
  429: 'Too many',
  500: 'Internal error',
  502: 'The camera refused',
  503: 'Not available now',
  507: 'No room',
}

export function sendProblem(
  reply: FastifyReply,
  status: number,
  code: string,
  detail: string,
  extra: Record<string, unknown> = {},
): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="lamppost"')
  if (typeof extra.retryAfter === 'number') reply.header('retry-after', extra.retryAfter)
  return reply
    .status(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send({ type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, code, ...extra })
}

/** What was thrown, as an answer. Surprises are logged whole and told in general words. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Failure) return sendProblem(reply, STATUS[error.code], error.code, error.message, error.extra)
  const known = error as FastifyError
  if (known.validation) return sendProblem(reply, 400, 'request/invalid', invalidText(known))
  if (known.statusCode && known.statusCode < 500)
    return sendProblem(
      reply,
      known.statusCode,
      known.statusCode === 413 ? 'request/too-large' : 'request/invalid',
      known.message,
    )
  request.log.error({ err: error }, 'a request failed')
  return sendProblem(reply, 500, 'internal', 'Something went wrong here; the server log says what.')
}

function invalidText({ validation, validationContext }: FastifyError): string {
  const [first] = validation ?? []
  const where = `${validationContext ?? 'body'}${(first?.instancePath ?? '').replaceAll('/', '.')}`
  const { additionalProperty: unknown, allowedValues: allowed } = (first?.params ?? {}) as {
    additionalProperty?: string
    allowedValues?: unknown[]
  }
  if (allowed) return `${where} must be one of ${allowed.join(', ')}`
  return `${where} ${first?.message ?? 'is not as the API describes it'}${unknown === undefined ? '' : ` (${unknown})`}`
}
