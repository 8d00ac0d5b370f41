/** A QR code as a path of an SVG: a square of 1 by 1 for each dark module, `size` modules wide, without its quiet zone. */
import qrcode from 'qrcode-generator'

export function qrPath(content: string): { size: number; path: string } {
  const code = qrcode(0, 'M')
  code.addData(content)
  code.make()
  const size = code.getModuleCount()
  let path = ''
  for (let y = 0; y < size; y += 1)
    for (let x = 0; x < size; x += 1) if (code.isDark(y, x)) path += `M${x} ${y}h1v1h-1z`
  return { size, path }
}
