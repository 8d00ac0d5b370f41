/**
 * The trunk and the PBX in kamailio's configuration: whom the edge calls, and where it registers. Pure. Not here: help
 * points, Lamppost and the desk (edge-config).
 */
import type { EdgeSite } from './edge-config.ts'
import { KNOWN_S, NOT_OFFERED, quoted } from './kamailio-text.ts'

/** A telephone outside may ring for long; a trunk that says nothing at all is not there. */
const RINGS_OUTSIDE_MS = 90_000
const TRUNK_ANSWERS_MS = 6000
/** At the PBX, as sip.js asks for it. */
const REGISTERED_FOR_S = 60

/** Whom the edge calls: their certificate must be vouched for by the authority that the site file names. */
export function calledOverTls(name: 'trunk' | 'pbx', peer: EdgeSite['trunk'] | undefined): string {
  if (peer?.transport !== 'tls') return ''
  return `[client:any]
server_name = "${quoted(peer.host)}"
server_id = ${name}
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
ca_list = "${quoted(peer.ca ?? '')}"
`
}

/** The body of the route by which the room calls a telephone outside. */
export function toTrunk({ host, port, transport }: NonNullable<EdgeSite['trunk']>): string {
  const at = `${quoted(host)}${port === null ? '' : `:${port}`}`
  const profile = transport === 'tls' ? '  $xavp(tls=>server_id) = "trunk";\n' : ''
  const sound = transport === 'tls' ? `SRTP AVP DTLS=off ${NOT_OFFERED}` : 'RTP AVP'
  return `  if ($rd != "${quoted(host)}") { sl_send_reply("403", "Forbidden"); exit; }
  remove_hf_re("^X-Lamppost-");
  set_contact_alias();
  record_route();
  dlg_manage();
  # Also while it rings: it is called no more when the house is gone.
  set_dlg_profile("lamppost");
  $ru = "sip:" + $rU + "@${at};transport=${transport}";
${profile}  rtpengine_offer("replace-origin trust-address strict-source ICE=remove ${sound} transcode-G722 transcode-PCMU");
  t_set_fr(${RINGS_OUTSIDE_MS}, ${TRUNK_ANSWERS_MS});
  t_on_reply("ANSWER");
  t_on_failure("LAST");
  if (!t_relay()) { rtpengine_delete(); sl_reply_error(); }`
}

/** The name by which the PBX reaches the edge: of each start, and known to nobody else. */
export const pbxName = (secret: string): string => `px${secret.slice(0, 20)}`
/** The routes of a registration at the PBX, and of what the PBX answers. @param name by which the PBX reaches the edge */
export function toPbx(
  { host, port, transport }: NonNullable<EdgeSite['pbx']>,
  listen: EdgeSite['listen'],
  name: string,
): string {
  const own = listen.find((each) => each.transport === transport)?.address ?? ''
  return `# Lamppost registers as an extension: the PBX is told the edge's address, and Lamppost its own.
route[TO_PBX] {
  if ($rd != "${quoted(host)}") { sl_send_reply("403", "Forbidden"); exit; }
  remove_hf_re("^X-Lamppost-");
  $avp(own) = $hdr(Contact);
  $var(for) = $(avp(own){re.subst,/^.*expires=([0-9]+).*$/\\1/s});
  remove_hf("Contact");
  append_hf("Contact: <sip:${name}@${quoted(own)};transport=${transport}>;expires=$var(for)\\r\\n");
  $ru = "sip:${quoted(host)}${port === null ? '' : `:${port}`};transport=${transport}";
${transport === 'tls' ? '  $xavp(tls=>server_id) = "pbx";\n' : ''}  t_set_fr(${TRUNK_ANSWERS_MS}, ${TRUNK_ANSWERS_MS});
  t_on_reply("PBX");
  t_on_failure("PBX_LAST");
  if (!t_relay()) { sl_reply_error(); }
}
# The library would ask again at once and for ever; asked for longer by us, it is asked once in seconds.
failure_route[PBX_LAST] {
  if (t_check_status("423")) { t_reply("480", "Min-Expires $T_rpl($hdr(Min-Expires))"); }
}
onreply_route[PBX] {
  # The PBX calls by this connection, perhaps after hours.
  if ($pr != "udp") { tcp_set_connection_lifetime("${KNOWN_S}"); }
  if (status =~ "2[0-9][0-9]") {
    $sht(pbxfrom=>$si) = "1";
    # For how long the PBX knows us is its own word, and may be shorter than what was asked for.
    $var(for) = "${REGISTERED_FOR_S}";
    if ($hdr(Expires) != $null) { $var(for) = $hdr(Expires); }
    $var(i) = 0;
    while ($(hdr(Contact)[$var(i)]) != $null) {
      if ($(hdr(Contact)[$var(i)]) =~ "${name}@[^>]*>[^,]*expires=") {
        $var(for) = $(hdr(Contact)[$var(i)]{re.subst,/^.*${name}@[^>]*>[^,]*expires=([0-9]+).*$/\\1/s});
      }
      $var(i) = $var(i) + 1;
    }
    remove_hf("Contact");
    append_hf("Contact: <$(avp(own){nameaddr.uri})>;expires=$var(for)\\r\\n");
  }
}
`
}
