/**
 * Arguments and exit codes of the `lamppost` command. Each command is imported when it is asked for: a token or a
 * verdict on a package does not wait for the whole server to load.
 */
import { parseArgs } from 'node:util'

const USAGE = `lamppost: links presses of help points to the cameras that see them

  lamppost start [--site FILE] [--data DIR] [--port N] [--host H] [--rtmp-port N]
                 [--tls-cert FILE --tls-key FILE] [--no-calls]
                 [--public-url https://HOST/PATH/ | --base-path /PATH] [--trust-proxy] [--plain-http]
  lamppost start --simulate FILE [--night five-presses|flood|dead-camera] …     (practise with your own town, cameras simulated)
  lamppost edge  --site FILE [--data DIR]     (the voice edge apart from the server)
  lamppost check FILE
  lamppost ports FILE [--port N] [--host H] [--rtmp-port N] [--json]     (for firewall rules)
  lamppost connectors test [ID] --site FILE [--press] [--json]     (would the VMS hear a press?)
  lamppost connectors cameras ID --site FILE [--json]
  lamppost user  [add] --user USER --role ROLE… --name NAME [--data DIR]     (password on standard input)
  lamppost user  list | roles --user USER --role ROLE… | password --user USER | reset-factors --user USER
                 | remove --user USER [--data DIR]
  lamppost token --role ROLE --name NAME [--help-point ID…] [--scope wall-view|wall|metrics|press]
                 [--expires 90d|never] [--data DIR]
  lamppost token list | renew ID [--expires 90d|never] | remove ID [--data DIR]
  lamppost ledger verify [--data DIR]
  lamppost start --member ID --site FILE …     (one server of a town on several machines)
  lamppost town  found | join | leave | refound --member ID --site FILE [--data DIR]
  lamppost town  move-lead [--to ID] | status [--json] | check --site FILE [--data DIR]
  lamppost backup  --to FILE|- [--data DIR] [--site FILE] [--no-recordings]     (while the server runs)
  lamppost restore FILE|- --data DIR     (into a folder that is not there yet)
  lamppost verify PACKAGE.zip [--root PEM] [--timestamp-root PEM]      (needs no server)
`

const OPTIONS = {
  site: { type: 'string' },
  simulate: { type: 'string' },
  night: { type: 'string' },
  data: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'rtmp-port': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'public-url': { type: 'string' },
  'base-path': { type: 'string' },
  'trust-proxy': { type: 'boolean' },
  'plain-http': { type: 'boolean' },
  role: { type: 'string', multiple: true },
  scope: { type: 'string' },
  expires: { type: 'string' },
  name: { type: 'string' },
  user: { type: 'string' },
  'help-point': { type: 'string', multiple: true },
  root: { type: 'string' },
  'timestamp-root': { type: 'string' },
  to: { type: 'string' },
  member: { type: 'string' },
  'no-recordings': { type: 'boolean' },
  'no-calls': { type: 'boolean' },
  child: { type: 'boolean' },
  press: { type: 'boolean' },
  json: { type: 'boolean' },
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
  // Whatever is written is for this account only: recordings, keys, who may do what.
  process.umask(0o077)
  const { values, positionals } = argumentsOf()
  const [command = 'start', ...rest] = positionals
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  switch (command) {
    case 'start':
      return (await import('./start.ts')).startCommand(values)
    case 'edge':
      return (await import('./edge.ts')).edgeCommand(values)
    case 'check':
      return (await import('./check.ts')).checkCommand(rest)
    case 'ports':
      return (await import('./ports.ts')).portsCommand(rest, values)
    case 'connectors':
      return (await import('./connectors.ts')).connectorsCommand(rest, values)
    case 'token':
      return (await import('./people.ts')).tokenCommand(rest, values)
    case 'user':
      return (await import('./people.ts')).userCommand(rest, values)
    case 'ledger':
      return (await import('./ledger.ts')).ledgerCommand(rest, values)
    case 'town':
      return (await import('./town/town-command.ts')).townCommand(rest, values)
    case 'backup':
      return (await import('./backup/backup-command.ts')).backupCommand(values)
    case 'restore':
      return (await import('./backup/backup-command.ts')).restoreCommand(rest, values)
    case 'verify':
      return (await import('./verify.ts')).verifyCommand(rest, values)
    default:
      throw new Misused(`there is no command "${command}"`)
  }
}

await main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      `lamppost: ${error instanceof Error ? error.message : String(error)}\n${error instanceof Misused ? `\n${USAGE}` : ''}`,
    )
    process.exit(error instanceof Misused ? 2 : 1)
  },
)
