/** The package has no types; these are of what is used here. */
declare module 'node-media-server' {
  type Session = {
    ip: string
    rtmp: import('./rtmp-guard.ts').Parser
    streamPath: string
    socket: import('node:net').Socket
  }
  export default class NodeMediaServer {
    constructor(config: object)
    rtmpServer: { tcpServer: import('node:net').Server }
    run(): Promise<void>
    on(event: 'prePublish' | 'prePlay', listener: (session: Session) => void): void
  }
}
