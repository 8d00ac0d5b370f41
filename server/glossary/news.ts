/** Types only: news of the moment for those who listen. Told as it happens, and kept nowhere. */
export type LiveNews = {
  event:
    | 'camera.health'
    | 'help-point.health'
    | 'storage.health'
    | 'ledger.health'
    | 'site.problem'
    | 'people.present'
    | 'camera.hand'
    | 'export.progress'
    | 'call.quality'
    | 'voice.health'
    | 'connector.health'
    | 'onvif-device.health'
  data: unknown
}
