/** An IP address as it is written everywhere here: IPv4 not in its IPv6 form, IPv6 without brackets. */
export const plainAddress = (address: string | undefined): string =>
  (address ?? '').replace(/^::ffff:/i, '').replace(/^\[|\]$/g, '')
