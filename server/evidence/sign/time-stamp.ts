/**
 * RFC 3161: a third party says when a signature existed, so that it can be verified after its certificate has run
 * out.
 */
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import { chainProblem } from './certificate-chain.ts'
import { certificateOf } from './cms-signature.ts'

/** `url`: of the time-stamping authority. */
export type AskedTimeStamp = { url: string }
const TST_INFO = '1.2.840.113549.1.9.16.1.4'
const SHA256 = '2.16.840.1.101.3.4.2.1'
const ANSWER_WITHIN_MS = 10_000
/** Its clock and ours. */
const CLOCKS_DIFFER_MS = 5 * 60_000
const MOST_BYTES = 256 * 1024

const sha256 = (bytes: Uint8Array): Promise<ArrayBuffer> =>
  globalThis.crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
const same = (a: ArrayBuffer | Uint8Array, b: ArrayBuffer | Uint8Array): boolean =>
  new Uint8Array(a).join() === new Uint8Array(b).join()

/** @throws in words when the authority does not answer, refuses, or stamps something else. */
export async function askTimeStamp(
  { url }: AskedTimeStamp,
  stamped: Uint8Array,
  signal: AbortSignal,
): Promise<{ reply: Uint8Array; at: number }> {
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(8))
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40
  const request = new pkijs.TimeStampReq({
    version: 1,
    messageImprint: new pkijs.MessageImprint({
      hashAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: SHA256, algorithmParams: new asn1js.Null() }),
      hashedMessage: new asn1js.OctetString({ valueHex: await sha256(stamped) }),
    }),
    nonce: new asn1js.Integer({ valueHex: nonce.buffer }),
    certReq: true,
  })
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query' },
    body: request.toSchema().toBER(),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
  })
  if (!answer.ok) throw new Error(`the time-stamping authority answered ${answer.status}`)
  const reply = await boundedBody(answer)
  const { info } = readTimeStamp(reply)
  if (
    !info.nonce ||
    !same(info.nonce.valueBlock.valueHexView, nonce) ||
    !same(info.messageImprint.hashedMessage.valueBlock.valueHexView, await sha256(stamped))
  )
    throw new Error('the time-stamping authority has stamped something else')
  return { reply, at: info.genTime.getTime() }
}

async function boundedBody({ body }: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += (chunk as Uint8Array).length
    if (bytes > MOST_BYTES)
      throw new Error('the time-stamping authority answered with something else than a time stamp')
    chunks.push(chunk as Uint8Array)
  }
  return Buffer.concat(chunks)
}

function readTimeStamp(reply: Uint8Array): { signed: pkijs.SignedData; info: pkijs.TSTInfo } {
  const response = pkijs.TimeStampResp.fromBER(new Uint8Array(reply))
  if (
    ![pkijs.PKIStatus.granted, pkijs.PKIStatus.grantedWithMods].includes(response.status.status) ||
    !response.timeStampToken
  )
    throw new Error(`the time-stamping authority refused (status ${response.status.status})`)
  const signed = new pkijs.SignedData({ schema: response.timeStampToken.content })
  const content = signed.encapContentInfo.eContent
  if (signed.encapContentInfo.eContentType !== TST_INFO || !content) throw new Error('this is no time stamp')
  return { signed, info: pkijs.TSTInfo.fromBER(new Uint8Array(content.getValue())) }
}

/**
 * @param root PEM of the authority's root; null: nobody vouches for it. @param now milliseconds
 * @returns when it existed; `problem` is null only when the authority's own root vouches for it.
 */
export async function verifyTimeStamp(
  reply: Uint8Array,
  stamped: Uint8Array,
  { root, now }: { root: string | null; now: number },
): Promise<{ at: number | null; problem: string | null }> {
  try {
    const { signed, info } = readTimeStamp(reply)
    const at = info.genTime.getTime()
    if (!same(info.messageImprint.hashedMessage.valueBlock.valueHexView, await sha256(stamped)))
      return { at: null, problem: 'it stamps something else' }
    if (at > now + CLOCKS_DIFFER_MS)
      return { at: null, problem: `it is of a time to come: ${info.genTime.toISOString()}` }
    if (signed.signerInfos.length !== 1)
      return { at: null, problem: `it has ${signed.signerInfos.length} signers, and must have one` }
    const { signatureVerified, signerCertificate } = await signed.verify({
      signer: 0,
      data: new Uint8Array(stamped).buffer,
      checkChain: false,
      extendedMode: true,
    })
    if (!signatureVerified || !signerCertificate) return { at: null, problem: 'its signature is not good' }
    if (root === null) return { at, problem: 'the authority’s root was not given (--timestamp-root)' }
    const inside = (signed.certificates ?? []).filter((each) => each instanceof pkijs.Certificate)
    const problem = await chainProblem(signerCertificate, inside, {
      root: certificateOf(root),
      at,
      purpose: 'time-stamps',
    })
    return problem === null ? { at, problem } : { at: null, problem }
  } catch (error) {
    return { at: null, problem: (error as { message?: string }).message ?? 'it cannot be read' }
  }
}
