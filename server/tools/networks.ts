/** Networks as people write them: an address, and how many bits of it are the network’s. Pure. */
import { BlockList, isIP } from 'node:net'

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** What is wrong with `10.0.4.0/24`, in words; null: nothing. */
export function networkProblem(network: string): string | null {
  const [address = '', prefix = ''] = network.split('/')
  const most = isIP(address) === 6 ? 128 : 32
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > most)
    return `"${network}" is no network: write an address and how many bits of it are the network’s, as in 10.0.4.0/24`
  return null
}

export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [start = '', prefix = ''] = network.split('/')
    list.addSubnet(start, Number(prefix), familyOf(start))
  }
  return isIP(address) !== 0 && list.check(address, familyOf(address))
}

/** Whoever has an IPv6 line has at least 2^64 addresses of it. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%')[0] ?? ''
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const [front, back] = [head.split(':').filter(Boolean), (tail ?? '').split(':').filter(Boolean)]
  const middle = tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0')
  return [...front, ...middle, ...back]
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(':')
}
