import { found } from './element.ts'

/** Elements that have a use for keys themselves. */
const BUSY = 'input, select, textarea, [contenteditable]'
/** Those that are pressed with the space bar; those that are moved with arrows. */
const PRESSED = 'button, a'
const SCROLLED = '#chart'

/** Keys that act wherever nothing else wants them, by `KeyboardEvent.key`. */
export function listenForKeys(keys: Readonly<Record<string, () => void>>): void {
  const help = found('#help', HTMLDialogElement)
  const openHelp = () => help.showModal()
  found('#help-button', HTMLButtonElement).addEventListener('click', openHelp)
  const all: Readonly<Record<string, () => void>> = { ...keys, h: openHelp, '?': openHelp }
  document.addEventListener('keydown', (event) => {
    const { key, target } = event
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (document.querySelector('dialog[open]') || !(target instanceof Element) || target.matches(BUSY)) return
    if (key === ' ' && target.matches(PRESSED)) return
    if (key.startsWith('Arrow') && target.matches(SCROLLED)) return
    const act = all[key]
    if (!act) return
    event.preventDefault()
    act()
  })
}
