import { networkInterfaces } from 'node:os'

/** The network interfaces of this machine that cameras can be looked for on. */
export const ipv4Devices = (): string[] =>
  Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    addresses?.some(({ family }) => family === 'IPv4') ? [name] : [],
  )
