/**
 * A Chromium with nobody attached to it: the debugger is there only while it is asked something. What stays attached
 * for an hour keeps its console messages, requests and compiled code in the page's own heap, and would be measured as
 * the page's leak.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WebSocket from 'ws'
import { BROWSER_ARGS, browserPath, sleep } from './bench-tools.mjs'

/**
 * @returns the one page of a new browser. `ask` evaluates a function there, `devtools` sends commands of the protocol
 * and lets go again
 */
export async function openBarePage(address, { width, height }) {
  const profile = mkdtempSync(join(tmpdir(), 'lamppost-browser-'))
  const browser = spawn(
    browserPath(),
    [
      ...BROWSER_ARGS,
      '--headless=new',
      `--window-size=${width},${height}`,
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
      address,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const port = await new Promise((resolve, reject) => {
    let said = ''
    browser.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-10_000)
      const found = /DevTools listening on ws:\/\/[^/]*:(\d+)\//.exec(said)
      if (found) resolve(found[1])
    })
    browser.once('exit', () => reject(new Error(`the browser ended: ${said}`)))
  })
  const target = async () =>
    (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()).find(({ type }) => type === 'page')
      .webSocketDebuggerUrl

  /** @param commands `[method, parameters]` each; the answers come in their order */
  async function devtools(...commands) {
    const socket = new WebSocket(await target(), { perMessageDeflate: false })
    await once(socket, 'open')
    const answers = []
    for (const [id, [method, params = {}]] of commands.entries()) {
      socket.send(JSON.stringify({ id, method, params }))
      for (;;) {
        const answer = JSON.parse(String((await once(socket, 'message'))[0]))
        if (answer.id !== id) continue
        if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
        answers.push(answer.result)
        break
      }
    }
    socket.close()
    await once(socket, 'close')
    return answers
  }

  const ask = async (run, argument = null) => {
    const [{ result, exceptionDetails }] = await devtools([
      'Runtime.evaluate',
      { expression: `(${run})(${JSON.stringify(argument)})`, awaitPromise: true, returnByValue: true },
    ])
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  return {
    devtools,
    ask,
    async until(run, argument = null, { timeout = 30_000 } = {}) {
      for (const end = performance.now() + timeout; ; await sleep(100)) {
        // A page that is only just being opened has nothing that could be asked.
        if (
          await ask(run, argument).catch((error) =>
            /default execution context/.test(error.message) ? false : Promise.reject(error),
          )
        )
          return
        if (performance.now() > end) throw new Error(`the page is not so after ${timeout} ms: ${run}`)
      }
    },
    async close() {
      const gone = once(browser, 'exit')
      browser.kill('SIGTERM')
      await gone
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/**
 * A network between browser and server that can be cut as a cable is: nothing is refused, nothing is closed, nothing
 * arrives.
 */
export async function startCable(port) {
  let whole = true
  const pairs = new Set()
  const proxy = createServer({ pauseOnConnect: true }, (near) => {
    const far = connect(port, '127.0.0.1')
    const pair = [near, far]
    pairs.add(pair)
    for (const [from, to] of [pair, [far, near]]) {
      from.setNoDelay(true)
      from.on('data', (bytes) => {
        if (!to.write(bytes)) from.pause()
      })
      to.on('drain', () => whole && from.resume())
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => (pairs.delete(pair), to.destroy()))
      if (whole) from.resume()
      else from.pause()
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const all = (what) => {
    for (const pair of pairs) for (const socket of pair) socket[what]()
  }
  return {
    port: proxy.address().port,
    cut: () => ((whole = false), all('pause')),
    mend: () => ((whole = true), all('resume')),
    close: () => (all('destroy'), proxy.close()),
  }
}
