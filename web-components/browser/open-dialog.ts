/** For `ref`: a dialog that is rendered is open, as a modal one. It must be on the page first. */
export const openAtOnce = (element: Element | undefined): void => {
  if (element instanceof HTMLDialogElement)
    queueMicrotask(() => element.isConnected && !element.open && element.showModal())
}
