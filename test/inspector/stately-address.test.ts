import { describe, expect, it } from 'vitest'
import { hostedInspector, inspectorAt, isInspectorUrl } from '../../src/inspector/stately-address.ts'
import { maskNumber } from '../../src/log.ts'

describe('the address of an inspector', () => {
  it.each([
    'ws://127.0.0.1:8080',
    'ws://localhost:8080/path',
    'ws://[::1]:8080',
    'wss://inspect.example.com/room?key=1',
    'WSS://inspect.example.com',
  ])('may be %s', (url) => {
    expect(isInspectorUrl(url)).toBe(true)
  })

  it.each([
    ['would leave this machine in plain text', 'ws://inspect.example.com'],
    ['only looks like this machine', 'ws://127.0.0.1.example.com'],
    ['is no socket', 'https://inspect.example.com'],
    ['has a password that would be seen in a list of processes', 'wss://user:secret@inspect.example.com'],
    ['has a fragment', 'wss://inspect.example.com/#a'],
    ['is none', 'inspect'],
  ])('may not be one that %s: %s', (_, url) => {
    expect(isInspectorUrl(url)).toBe(false)
  })

  it('of Stately’s own is a session that nobody can guess, with a page to look at it', () => {
    const [one, other] = [hostedInspector(), hostedInspector()]
    const [, session] = /\/inspect-([\da-f-]{36})\?_pk=[\da-f-]{36}$/.exec(one.socketUrl) ?? []
    expect(isInspectorUrl(one.socketUrl)).toBe(true)
    expect(one.pageUrl).toBe(`https://stately.ai/registry/inspect/${session}`)
    expect(other.pageUrl).not.toBe(one.pageUrl)
  })

  it('can be read in the log, where a row of digits would be taken for a telephone number', () => {
    const ids = ['12345678-0000-4000-8000-00000000000a', 'abcdefab-0000-4000-8000-00000000000a', 'a']
    ids[1] = 'abcdefab-0000-4000-8000-0000000a000a'
    const { pageUrl = '' } = hostedInspector(() => ids.shift() ?? '')
    expect(pageUrl).toContain('abcdefab-0000-4000-8000-0000000a000a')
    expect(maskNumber(pageUrl)).toBe(pageUrl)
  })

  it('says in which form messages are expected there', () => {
    const message = { type: '@xstate.event', sourceId: undefined, id: null }
    expect(inspectorAt('ws://127.0.0.1:1').encode(message)).toBe('{"type":"@xstate.event","id":null}')
    expect(hostedInspector().encode(message)).toBe('{"json":{"type":"@xstate.event","id":null}}')
  })
})
