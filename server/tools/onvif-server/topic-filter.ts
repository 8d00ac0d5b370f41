/**
 * Which topics a subscription wants (ONVIF Core 9.7.3, "ConcreteSet"): paths joined by `|`; `//.` at the end takes in
 * what lies below. Pure.
 */
const AT_MOST = 50

/**
 * @param expression `tns1:RuleEngine//.|tns1:Device/Trigger/DigitalInput`; null or empty: everything. The prefix is not
 * compared: clients declare one of their own.
 */
export function topicFilter(expression: string | null): (topic: string) => boolean {
  const wanted = (expression ?? '')
    .split('|')
    .slice(0, AT_MOST)
    .map((path) => path.trim())
    .filter((path) => path !== '')
    .map((path) => ({ path: bare(path.replace(/\/\/\.?$/, '')), below: /\/\/\.?$/.test(path) }))
  if (wanted.length === 0) return () => true
  return (topic) => {
    const path = bare(topic)
    return wanted.some((each) => path === each.path || (each.below && path.startsWith(`${each.path}/`)))
  }
}

const bare = (path: string): string => path.replaceAll(/(^|\/)[\w.-]+:/g, '$1')
