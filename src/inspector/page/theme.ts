import { found } from './element.ts'

const KEY = 'callchart.inspector.theme'
const THEMES = ['', 'light', 'dark'] as const
const NAMES = ['as the system', 'light', 'dark']

/** Light, dark, or as the system has it; kept in the browser where it may be. */
export function followTheme(): void {
  const button = found('#theme', HTMLButtonElement)
  const root = document.documentElement
  let at = Math.max(0, THEMES.indexOf((kept() ?? '') as (typeof THEMES)[number]))
  const show = () => {
    const theme = THEMES[at] ?? ''
    if (theme === '') delete root.dataset.theme
    else root.dataset.theme = theme
    button.title = `Colours: ${NAMES[at] ?? ''}`
    button.setAttribute('aria-label', button.title)
    button.textContent = ['◐', '☀', '☾'][at] ?? ''
  }
  button.addEventListener('click', () => {
    at = (at + 1) % THEMES.length
    keep(THEMES[at] ?? '')
    show()
  })
  show()
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function keep(theme: string): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Then it lasts as long as the page does.
  }
}
