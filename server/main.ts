#!/usr/bin/env node
/** Arguments, signals, exit code; nothing else. */
import { parseArgs } from 'node:util'
import { checkCommand } from './commands/check.ts'
import { ledgerCommand } from './commands/ledger.ts'
import { tokenCommand, userCommand } from './commands/people.ts'
import { startCommand } from './commands/start.ts'
import { verifyCommand } from './commands/verify.ts'

const USAGE = `lamppost: links presses of help points to the cameras that see them

  lamppost start [--site FILE] [--data DIR] [--port N] [--host H] [--rtmp-port N]
                 [--tls-cert FILE --tls-key FILE]
                 [--public-url https://HOST/PATH/ | --base-path /PATH] [--trust-proxy]
  lamppost check FILE
  lamppost token --role ROLE --name NAME [--help-point ID] [--data DIR]
  lamppost user  --role ROLE --name NAME --user USER [--data DIR]     (password on standard input)
  lamppost ledger verify [--data DIR]
  lamppost verify PACKAGE.zip [--root PEM] [--timestamp-root PEM]      (needs no server)
`

const OPTIONS = {
  site: { type: 'string' },
  data: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'rtmp-port': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'public-url': { type: 'string' },
  'base-path': { type: 'string' },
  'trust-proxy': { type: 'boolean' },
  role: { type: 'string' },
  name: { type: 'string' },
  user: { type: 'string' },
  'help-point': { type: 'string', multiple: true },
  root: { type: 'string' },
  'timestamp-root': { type: 'string' },
  help: { type: 'boolean' },
} as const

/** @throws what is wrong with them, and what there is */
function argumentsOf() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new Misused(`${(error instanceof Error ? error.message : String(error)).split('. ')[0]}.`)
  }
}
/** No command was begun: exit code 2. */
class Misused extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = argumentsOf()
  const [command = 'start', ...rest] = positionals
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  switch (command) {
    case 'start':
      return startCommand(values)
    case 'check':
      return checkCommand(rest)
    case 'token':
      return tokenCommand(values)
    case 'user':
      return userCommand(values)
    case 'ledger':
      return ledgerCommand(rest, values)
    case 'verify':
      return verifyCommand(rest, values)
    default:
      throw new Misused(`there is no command "${command}"`)
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      `lamppost: ${error instanceof Error ? error.message : String(error)}\n${error instanceof Misused ? `\n${USAGE}` : ''}`,
    )
    process.exit(error instanceof Misused ? 2 : 1)
  },
)
