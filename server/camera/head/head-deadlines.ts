/** How long a camera may take to answer, milliseconds. */
export const CALL_DEADLINE_MS = 2000
/** Some cameras take their time for where they look, and for saying yes to a move that has begun. */
export const STATUS_DEADLINE_MS = 5000
export const MOVE_DEADLINE_MS = 8000
/** How often a camera is spoken to; more often when it hangs up on who is silent for so long. */
export const KEEP_WARM_MS = 8000
export const KEEP_WARMER_MS = 4000
