/** How much room text takes, from a table: fonts of the machine that draws must not change the picture. */

/** Widths in thousandths of the size, of Helvetica, to which Arial and Liberation Sans are metrically equal (Adobe's AFM). */
const WIDTHS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    222: 'ijl',
    278: ' !,./:;\\[]ftI',
    333: '()-`r',
    389: '*',
    500: 'cksvxyzJ',
    584: '+<=>~',
    611: 'FTZ',
    667: '&ABEKPSVXY',
    722: 'wCDHNRU',
    778: 'GOQ',
    833: 'mM',
    944: 'W',
    1000: '→',
  }).flatMap(([width, characters]) => Array.from(characters, (character) => [character, Number(width)] as const)),
)

/** Digits and most small letters. */
const COMMON_WIDTH = 556

/** Bold is wider, and a browser's fallback font may be. */
const MARGIN = 1.06

export const FONT_SIZE = 12
export const LINE_HEIGHT = 17

/** In pixels, of a line in the drawing's font at {@link FONT_SIZE}. */
export function widthOf(text: string): number {
  const widths = Array.from(text, (character) => WIDTHS.get(character) ?? COMMON_WIDTH)
  const thousandths = widths.reduce((sum, width) => sum + width, 0)
  return Math.ceil((thousandths * FONT_SIZE * MARGIN) / 1000)
}
