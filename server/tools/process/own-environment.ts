/**
 * Secrets of the site file stand in the environment, and programs inherit it: an ffmpeg that a hostile picture takes
 * over could read them all. What programs that we start need stays there; everything else is this process's alone.
 */

const NEEDED = new RegExp(
  `^(?:${[
    ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'PWD', 'TERM', 'TZ', 'TZDIR', 'TMPDIR', 'LANG', 'LANGUAGE'],
    ...['LC_[A-Z]+', 'LD_[A-Z_]+', 'XDG_\\w+', 'FONTCONFIG_\\w+', 'FAKETIME\\w*'],
    ...['NODE_\\w+', 'npm_\\w+', 'LAMPPOST_NODE_RUNTIME', '(?:NOTIFY|WATCHDOG)_\\w+'],
  ].join('|')})$`,
)

/** Takes it out of `environment`, and returns all that was there. Once, before anything is started. */
export function takeEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const all = { ...environment }
  for (const name of Object.keys(all)) if (!NEEDED.test(name)) delete environment[name]
  return all
}
