/** What a ZIP calls its parts, and the numbers that mean: look into ZIP64 (APPNOTE 6.3.10, 4.4). */
export const SIGNATURE = {
  local: 0x0403_4b50,
  central: 0x0201_4b50,
  end: 0x0605_4b50,
  end64: 0x0606_4b50,
  locator64: 0x0706_4b50,
} as const
/** Of four bytes, and of two. */
export const LARGE = 0xffff_ffff
export const MANY = 0xffff
