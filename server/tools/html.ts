/** Text that stands in HTML as text. */
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escaped = (value: string | null | undefined): string =>
  (value ?? '').replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? char)
