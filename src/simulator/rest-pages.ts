/** Twilio's paged lists: https://www.twilio.com/docs/usage/twilios-response#pagination */

const PAGE_SIZE = { standard: 50, longest: 1_000 } as const

/** `path` is the list's, `key` the name of its items. */
export function toPage(
  path: string,
  key: string,
  items: readonly unknown[],
  query: URLSearchParams,
): Readonly<Record<string, unknown>> {
  const size = Math.min(numberOf(query, 'PageSize', PAGE_SIZE.standard) || 1, PAGE_SIZE.longest)
  const page = numberOf(query, 'Page', 0)
  const start = page * size
  const uri = (index: number): string => `${path}?${withPage(query, size, index)}`
  const onPage = items.slice(start, start + size)
  return {
    [key]: onPage,
    page,
    page_size: size,
    start,
    end: start + Math.max(0, onPage.length - 1),
    uri: uri(page),
    first_page_uri: uri(0),
    next_page_uri: start + size < items.length ? uri(page + 1) : null,
    previous_page_uri: page > 0 ? uri(page - 1) : null,
  }
}

function withPage(query: URLSearchParams, size: number, page: number): string {
  const changed = new URLSearchParams(query)
  changed.set('PageSize', String(size))
  changed.set('Page', String(page))
  return changed.toString()
}

function numberOf(query: URLSearchParams, name: string, standard: number): number {
  const given = query.get(name)
  return given !== null && /^\d{1,6}$/.test(given) ? Number(given) : standard
}
