/** Types only: news of the moment for those who listen. Told as it happens, and kept nowhere. */
export type LiveNews = {
  event:
    | 'camera.health'
    | 'help-point.health'
    | 'help-point.registration'
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
    // At a server that does not lead, while nobody does: a press that is durable and has no incident yet.
    | 'press.kept'
    // There, too: a server leads the town, and this stream ends so that it is opened anew.
    | 'town.led'
  data: unknown
}
