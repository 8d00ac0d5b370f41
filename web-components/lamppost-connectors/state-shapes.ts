/** SVG paths of 24 by 24: a shape beside each colour of a state. */
export const STATE_SHAPES = {
  failing: 'M12 2 23 21H1Zm-1 7v6h2V9zm0 7.500v2h2v-2z',
  well: 'M12 2a10 10 0 1 0 .01 0zm-1.500 14.500-4-4 1.500-1.500 2.500 2.500 5.500-5.500 1.500 1.500z',
  untested: 'M12 2a10 10 0 1 0 .01 0zm-5 9h10v2H7z',
} as const
