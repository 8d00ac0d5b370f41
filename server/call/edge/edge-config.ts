/**
 * The edge's engines as the site file has them: kamailio's configuration, and rtpengine's options. Pure: the same site
 * gives the same text, and no secret is in it. Not here: how they are started (edge-run), what a call is.
 *
 * The edge takes an INVITE only of a help point that has proved who it is, gives it to Lamppost, and goes on to the desk
 * when Lamppost does not ring within two seconds. So a call reaches a person whatever has become of Lamppost.
 */
import type { EdgeListen, Pbx, Trunk } from '../../glossary/call.ts'
import { calledOverTls, pbxName, toPbx, toTrunk } from './edge-peers.ts'
import { KNOWN_S, NOT_OFFERED, quoted } from './kamailio-text.ts'

/** Loopback ports and files that this start of the edge was given. */
export type EdgePlaces = {
  /** Lamppost's own door: SIP over TCP on loopback, and the remote procedure calls. */
  door: number
  /** rtpengine's control port, UDP on loopback. */
  media: number
  /** The folder of what is written for the engines. */
  folder: string
}
export type EdgeSite = {
  listen: readonly EdgeListen[]
  /** First and last port of media, inclusive. */
  mediaPorts: { from: number; to: number }
  /** Addresses that no flood gate counts: a PBX brings all help points from one. */
  trusted: readonly string[]
  desk: string
  /** For how long Lamppost lets a call ring. */
  noAnswerMs: number
  /** Null: no telephone outside is called. */
  trunk: Pick<Trunk, 'host' | 'port' | 'transport' | 'ca'> | null
  /** Null: there is none. */
  pbx: Pick<Pbx, 'host' | 'port' | 'transport' | 'ca'> | null
}
/** Part of each digest: `user:realm:password`. */
export const REALM = 'lamppost'
/** Lamppost does not ring within this time: the desk does. */
const LAMPPOST_WITHIN_MS = 2000
/** Requests in two seconds of one address that is not trusted; a help point sends four for a press. */
const REQUESTS_IN_TWO_SECONDS = 60
/** Idle strangers must not keep Lamppost and the help points out. */
const PARALLEL_TCP = 4096
const STRANGER_S = 15
/** So long the room lets a help point ring. */
const RINGS_THERE_MS = 30_000
/** Longer than Lamppost itself lets a call ring: only a server that is gone is waited for no more. */
const RINGS_ON_MS = 5000
const RINGS_AT_PBX_MS = 600_000

const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '')
const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))

/** rtpengine's options. One interface: the address that help points reach; Lamppost on loopback reaches it as well. */
export function mediaOptions({ listen, mediaPorts }: EdgeSite, { media }: EdgePlaces): string[] {
  const host = hostOf(listen[0]?.address ?? '127.0.0.1:0')
  return [
    '--foreground',
    // Debian's file has doors of its own (2224, 2225): any program of this machine could end calls through them, and a
    // second town on this machine would not start.
    '--config-file=none',
    '--table=-1',
    `--interface=${host}`,
    `--listen-ng=127.0.0.1:${media}`,
    `--port-min=${mediaPorts.from}`,
    `--port-max=${mediaPorts.to}`,
    // Expedited forwarding (RFC 3246), as switches know speech.
    '--tos=184',
    '--timeout=60',
    '--silent-timeout=3600',
    // Else a call keeps its ports for half a minute after its end, and a busy night runs out of them.
    '--delete-delay=0',
    // Where sound comes from is what the description says, where that is possible; strangers come later, if at all.
    '--endpoint-learning=heuristic',
    '--log-level=4',
    '--log-stderr',
    '--num-threads=1',
  ]
}

/** kamailio's TLS profile; '' where the site has no TLS listener. */
export function tlsConfig(listen: readonly EdgeListen[], peers: Partial<Pick<EdgeSite, 'trunk' | 'pbx'>> = {}): string {
  const secure = listen.find(({ transport }) => transport === 'tls')
  if (!secure) return ''
  const { clients } = secure
  // A certificate that is shown must be right; a help point that has none proves who it is by its password.
  return `[server:default]
method = TLSv1.2+
verify_certificate = ${clients ? 'yes' : 'no'}
require_certificate = no
certificate = "${quoted(secure.certificate ?? '')}"
private_key = "${quoted(secure.key ?? '')}"
${clients ? `ca_list = "${quoted(clients)}"\n` : ''}${calledOverTls('trunk', peers.trunk)}${calledOverTls('pbx', peers.pbx)}`
}
/**
 * The names in the caller's certificate, in small letters: its common name and its first DNS name. An authority of the
 * site has vouched for it: the handshake of one that is not vouched for does not come to its end.
 */
const CERTIFICATE_OF_CALLER = `  if ($pr == "tls" && $tls_peer_verified == 1) {
    if ($tls_peer_subject_cn != $null) { $var(cn) = $(tls_peer_subject_cn{s.tolower}); }
    if ($tls_peer_san_hostname != $null) { $var(san) = $(tls_peer_san_hostname{s.tolower}); }
    if ($sht(bycert=>$var(cn)) != $null) { $var(who) = $sht(bycert=>$var(cn)); }
    else if ($sht(bycert=>$var(san)) != $null) { $var(who) = $sht(bycert=>$var(san)); }
  }
`

/** @param secret by which Lamppost's own door knows Lamppost: nobody else on this machine may register there. */
export function edgeConfig(site: EdgeSite, { door, media, folder }: EdgePlaces, secret: string): string {
  const { listen, trusted, desk, noAnswerMs, trunk, pbx } = site
  const extension = pbxName(secret)
  const toExtension = pbx ? toPbx(pbx, listen, extension) : ''
  const fromUs = pbx ? '  if (is_method("REGISTER") && $hdr(X-Lamppost-Out) == "pbx") { route(TO_PBX); exit; }\n' : ''
  const tls = listen.some(({ transport }) => transport === 'tls')
  const vouched = listen.some(({ clients }) => clients !== undefined)
  const listening = listen.map(({ transport, address }) => {
    const host = hostOf(address)
    return `listen=${transport}:${host.includes(':') ? `[${host}]` : host}:${portOf(address)}`
  })
  const exempt = trusted.map((address) => ` && $si != "${quoted(address)}"`).join('')
  return `#!KAMAILIO
# Written by Lamppost from the site file at each start of the edge: changes here are lost. No secret of a help point
# stands here; they are told over the door below, as HA1.
debug=1
log_stderror=yes
fork=yes
children=2
tcp_children=2
auto_aliases=no
mhomed=no
${listening.join('\n')}
listen=tcp:127.0.0.1:${door}
tcp_connection_lifetime=${STRANGER_S}
tcp_connect_timeout=2
tcp_max_connections=${PARALLEL_TCP}
tcp_accept_no_cl=yes
udp_mtu=1300
server_header="Server: Lamppost"
user_agent_header="User-Agent: Lamppost"
${tls ? 'enable_tls=yes\nloadmodule "tls.so"' : ''}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "sanity.so"
loadmodule "dialog.so"
loadmodule "pike.so"
loadmodule "htable.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
loadmodule "rtpengine.so"
loadmodule "tcpops.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
modparam("jsonrpcs", "transport", 1)
modparam("xhttp", "url_match", "^/rpc/")
${tls ? `modparam("tls", "config", "${quoted(folder)}/tls.cfg")\nmodparam("tls", "xavp_cfg", "tls")` : ''}
modparam("tm", "fr_timer", ${LAMPPOST_WITHIN_MS})
modparam("tm", "fr_inv_timer", 90000)
modparam("tm", "failure_reply_mode", 3)
modparam("rr", "append_fromtag", 1)
modparam("htable", "htable", "ha1=>size=8;")
modparam("htable", "htable", "limited=>size=8;")
modparam("htable", "htable", "from=>size=8;")
modparam("htable", "htable", "byaddress=>size=8;")
modparam("htable", "htable", "bycert=>size=8;")
modparam("htable", "htable", "certified=>size=8;")
modparam("htable", "htable", "pbxfrom=>size=4;")
modparam("htable", "htable", "refused=>size=8;autoexpire=2;")
modparam("dialog", "enable_stats", 0)
modparam("dialog", "profiles_no_value", "lamppost")
modparam("dialog", "profiles_with_value", "of")
modparam("pike", "sampling_time_unit", 2)
modparam("pike", "reqs_density_per_unit", ${REQUESTS_IN_TWO_SECONDS})
modparam("pike", "remove_latency", 10)
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "handle_lost_tcp", 1)
modparam("usrloc", "timer_interval", 1)
modparam("registrar", "max_contacts", 4)
modparam("registrar", "min_expires", 30)
modparam("registrar", "max_expires", 120)
modparam("registrar", "received_avp", "$avp(RECEIVED)")
modparam("nathelper|registrar", "received_avp", "$avp(RECEIVED)")
modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:${media}")
modparam("auth", "nonce_expire", 60)
modparam("auth", "nonce_count", 1)
modparam("auth", "qop", "auth")

request_route {
  # A flood costs whoever sends it, and nobody else.
  if ($Rp != ${door}${exempt} && !pike_check_req()) { exit; }
  if (!sanity_check("17895", "7")) { exit; }
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } else { sl_send_reply("481", "No such call"); } exit; }
  if (!is_method("ACK")) { if (t_precheck_trans()) { t_check_trans(); exit; } t_check_trans(); }
  if (has_totag()) { route(IN_DIALOG); exit; }
  if (is_method("ACK")) { t_check_trans(); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if ($Rp == ${door}) { route(FROM_LAMPPOST); exit; }
  if (!is_method("INVITE|REGISTER")) { sl_send_reply("405", "Method Not Allowed"); exit; }
${pbx ? `  if (is_method("INVITE") && $rU == "${extension}") { route(FROM_PBX); exit; }\n` : ''}  route(WHO);
  if ($pr != "udp") { tcp_set_connection_lifetime("${KNOWN_S}"); }
  if (is_method("REGISTER")) { fix_nated_register(); save("location"); exit; }
  route(PRESS);
}
# A From means nothing until it is proved: by the digest of the site file's password, by the certificate of the help
# point, or by an address that the file names. Where it names two of them, both must be right.
route[WHO] {
  $var(who) = "";
  $var(cn) = "-";
  $var(san) = "-";
${vouched ? CERTIFICATE_OF_CALLER : ''}  if ($var(who) != "") {
    if (is_method("REGISTER") && $tU != $var(who)) { $var(why) = "another's name"; route(REFUSED); }
    if (is_method("INVITE") && $fU != $var(who)) { $var(why) = "another's name"; route(REFUSED); }
    route(WHENCE);
    return;
  }
  # A caller whose From is a help point with a password must give that password, whatever address the call comes from.
  if ($sht(byaddress=>$si) != $null && $sht(ha1=>$fU) == $null) {
    $var(who) = $sht(byaddress=>$si);
    if (is_method("REGISTER") && $tU != $var(who)) { $var(why) = "another's name"; route(REFUSED); }
    return;
  }
  if (!is_present_hf("Authorization")) { www_challenge("${REALM}", "1"); exit; }
  if ($sht(ha1=>$au) == $null) { $var(why) = "unknown user"; route(REFUSED); }
  if (!pv_www_authenticate("${REALM}", "$sht(ha1=>$au)", "1")) {
    # A nonce that has run out (-4) or was used before (-6) is asked for anew, and is nobody's fault.
    if ($rc == -4 || $rc == -6) { www_challenge("${REALM}", "5"); exit; }
    $var(why) = "wrong password";
    route(NOTED);
    www_challenge("${REALM}", "1");
    exit;
  }
  if (is_method("REGISTER") && $tU != $au) { $var(why) = "another's name"; route(REFUSED); }
  if (is_method("INVITE") && $fU != $au) { $var(why) = "another's name"; route(REFUSED); }
  if ($sht(certified=>$au) != $null && $sht(certified=>$au) != $var(cn) && $sht(certified=>$au) != $var(san)) {
    $var(why) = "no certificate, or another's";
    route(REFUSED);
  }
  $var(who) = $au;
  route(WHENCE);
  consume_credentials();
}
route[WHENCE] {
  $var(limit) = $var(who) + "::" + $si;
  if ($sht(limited=>$var(who)) != $null && $sht(from=>$var(limit)) == $null) {
    $var(why) = "another address";
    route(REFUSED);
  }
}
route[REFUSED] { route(NOTED); sl_send_reply("403", "Forbidden"); exit; }
route[NOTED] { $sht(refused=>$si) = $var(why); xlog("L_NOTICE", "REFUSED $si $var(why)\\n"); }
${
  pbx
    ? `# The PBX knows the name that it was given at the registration, and nobody else does: what it says of the caller is so.
# Its ring group has others: where Lamppost does not ring, they do, and the desk is not called by us.
route[FROM_PBX] {
  # Without TLS the name can be read on the network: the address must be the PBX's as well.
  if ($sht(pbxfrom=>$si) == $null${exempt}) { $var(why) = "not the PBX"; route(REFUSED); }
  if ($pr != "udp") { tcp_set_connection_lifetime("${KNOWN_S}"); }
  $var(who) = $fU;
  route(OFFERED);
  append_hf("X-Lamppost-By: pbx\\r\\n");
  $ru = "sip:lamppost@127.0.0.1";
  if (!lookup("location")) { rtpengine_delete(); sl_send_reply("480", "Temporarily Unavailable"); exit; }
  t_set_fr(${LAMPPOST_WITHIN_MS}, ${LAMPPOST_WITHIN_MS});
  t_on_failure("LAST");
  t_on_reply("LAMPPOST_OF_PBX");
  if (!t_relay()) { rtpengine_delete(); sl_reply_error(); }
}
# For how long a telephone of its group rings, the PBX decides.
onreply_route[LAMPPOST_OF_PBX] {
  if (status =~ "18[0-9]") { t_set_fr(${RINGS_AT_PBX_MS}, ${LAMPPOST_WITHIN_MS}); }
  if (status =~ "2[0-9][0-9]") { set_dlg_profile("lamppost"); }
  route(REPLY);
}
`
    : ''
}route[OFFERED] {
  remove_hf_re("^X-Lamppost-");
  append_hf("X-Lamppost-Help-Point: $var(who)\\r\\n");
  append_hf("X-Lamppost-From: $pr:$si:$sp\\r\\n");
  force_rport();
  set_contact_alias();
  record_route();
  dlg_manage();
  set_dlg_profile("of", "$var(who)");
  # An INVITE without a description is described by its answer.
  if (!has_body("application/sdp")) { return; }
  # Its ports are used up, or it is starting again: the press counts, and the desk hears the person without it.
  if (!rtpengine_offer("replace-origin trust-address strict-source ICE=remove RTP transcode-PCMA codec-mask-all codec-strip-all")) {
    append_hf("X-Lamppost-No-Sound: 1\\r\\n");
    xlog("L_ERR", "NO-SOUND $ci\\n");
  }
}
route[PRESS] {
  route(OFFERED);
  $ru = "sip:lamppost@127.0.0.1";
  if (!lookup("location")) { xlog("L_NOTICE", "NO-LAMPPOST $ci\\n"); route(DESK); exit; }
  t_set_fr(${LAMPPOST_WITHIN_MS}, ${LAMPPOST_WITHIN_MS});
  t_on_failure("NOBODY");
  t_on_reply("LAMPPOST");
  if (!t_relay()) { route(DESK); }
}
route[DESK] {
  $du = $null;
  $ru = "${quoted(desk)}";
  # The desk may ring for long; its telephone decides.
  t_set_fr(120000, 5000);
  t_on_reply("ANSWER");
  t_on_failure("LAST");
  if (!t_relay()) { sl_reply_error(); }
}
failure_route[NOBODY] {
  if (t_is_canceled()) { rtpengine_delete(); exit; }
  # The room speaks with this person in another call.
  if (t_check_status("603")) { rtpengine_delete(); exit; }
  xlog("L_NOTICE", "TO-DESK $T_reply_code $ci\\n");
  route(DESK);
}
failure_route[LAST] { rtpengine_delete(); }
# The trunk's password is the room's secret: a help point that asks for one gets no answer.
failure_route[HELP_POINT_LAST] {
  rtpengine_delete();
  if (t_check_status("401|407")) { t_reply("480", "Temporarily Unavailable"); }
}
# A 100 is not enough: only what rings has taken the press.
onreply_route[LAMPPOST] {
  if (status =~ "18[0-9]") { t_set_fr(${noAnswerMs + RINGS_ON_MS}, ${LAMPPOST_WITHIN_MS}); }
  if (status =~ "2[0-9][0-9]") { set_dlg_profile("lamppost"); }
  route(REPLY);
}
onreply_route[ANSWER] { route(REPLY); }
route[REPLY] {
  # A telephone that rings for long keeps its connection.
  if ($pr != "udp") { tcp_set_connection_lifetime("${KNOWN_S}"); }
  set_contact_alias();
  if (has_body("application/sdp")) { rtpengine_answer("replace-origin trust-address strict-source ICE=remove"); }
}
route[IN_DIALOG] {
  if (!loose_route()) {
    if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
    sl_send_reply("404", "Not here");
    exit;
  }
  # Only within a call that this edge has let in: else anybody could send anything to anybody through it.
  if (!is_method("ACK") && !is_known_dlg()) { sl_send_reply("481", "No such call"); exit; }
  remove_hf_re("^X-Lamppost-");
  handle_ruri_alias();
  if (is_method("BYE")) { rtpengine_delete(); }
  if (is_method("INVITE|UPDATE") && has_body("application/sdp")) {
    rtpengine_offer("replace-origin trust-address strict-source ICE=remove RTP transcode-PCMA");
    t_on_reply("ANSWER");
  }
  t_relay();
}
route[FROM_LAMPPOST] {
  if ($hdr(X-Lamppost-Door) != "${quoted(secret)}") { sl_send_reply("403", "Forbidden"); exit; }
  tcp_set_connection_lifetime("${KNOWN_S}");
${fromUs}  if (is_method("REGISTER")) { $avp(RECEIVED) = $null; fix_nated_register(); save("location"); exit; }
  if (is_method("INVITE") && $hdr(X-Lamppost-Out) == "trunk") { route(TO_TRUNK); exit; }
  if (is_method("INVITE")) { route(TO_HELP_POINT); exit; }
  sl_send_reply("405", "Method Not Allowed");
}
${toExtension}# The room calls a telephone outside: by the trunk that the site file names, and by no other address.
route[TO_TRUNK] {
${trunk ? toTrunk(trunk) : '  sl_send_reply("403", "No trunk");'}
}
# The room calls a help point that is registered here: no other name, no other address, no desk.
route[TO_HELP_POINT] {
  $var(who) = $rU;
  # It speaks with somebody already, perhaps with the desk: the device must not choose whom it drops.
  get_profile_size("of", "$var(who)", "$var(calls)");
  if ($var(calls) > 0) { sl_send_reply("486", "Busy Here"); exit; }
  if ($rU == "lamppost" || !lookup("location")) { sl_send_reply("480", "Not registered"); exit; }
  remove_hf_re("^X-Lamppost-");
  set_contact_alias();
  record_route();
  dlg_manage();
  set_dlg_profile("of", "$var(who)");
  # Who registers over TLS is not asked to speak in the clear.
  if ($ru =~ "transport=tls" || $du =~ "transport=tls") {
    rtpengine_offer("replace-origin trust-address strict-source ICE=remove SRTP AVP DTLS=off ${NOT_OFFERED} transcode-G722 transcode-PCMU");
  } else {
    rtpengine_offer("replace-origin trust-address strict-source ICE=remove RTP AVP transcode-G722 transcode-PCMU");
  }
  t_set_fr(${RINGS_THERE_MS}, ${LAMPPOST_WITHIN_MS});
  t_on_reply("HELP_POINT");
  t_on_failure("HELP_POINT_LAST");
  if (!t_relay()) { rtpengine_delete(); sl_reply_error(); }
}
onreply_route[HELP_POINT] {
  if (status =~ "2[0-9][0-9]") {
    set_dlg_profile("lamppost");
    remove_hf_re("^X-Lamppost-");
    append_hf("X-Lamppost-From: $pr:$si:$sp\\r\\n");
  }
  route(REPLY);
}
event_route[xhttp:request] {
  if ($Rp == ${door} && $hu == "/rpc/${quoted(secret)}") { jsonrpc_dispatch(); exit; }
  xhttp_reply("404", "Not Found", "text/plain", "");
}
`
}
