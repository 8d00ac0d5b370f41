/** The package has no types; these are of what is used here. */
declare module 'node-media-server' {
  type Session = { ip: string; rtmp: import('./rtmp-guard.ts').Parser; streamPath: string; socket: { destroy(): void; setTimeout(ms: number, onTimeout: () => void): void } }
  export default class NodeMediaServer {
    constructor(config: object)
    run(): Promise<void>
    on(event: 'prePublish' | 'prePlay', listener: (session: Session) => void): void
  }
}
