/** The light build has the same types as the full one, but does not say so. */
declare module 'hls.js/light' {
  export * from 'hls.js'
  export { default } from 'hls.js'
}
