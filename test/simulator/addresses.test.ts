import { describe, expect, it } from 'vitest'
import { absolute, absoluteSocket, isLoopback, reachable } from '../../src/simulator/addresses.ts'

const reach = { 'https://example.test': 'http://127.0.0.1:8080' }

describe('addresses', () => {
  it.each([
    ['https://example.test/twiml?a=1', 'http://127.0.0.1:8080/twiml?a=1'],
    ['wss://example.test/ws', 'ws://127.0.0.1:8080/ws'],
    ['https://example.test:8443/twiml', 'https://example.test:8443/twiml'],
    ['wss://Other.test/ws', 'wss://Other.test/ws'],
  ])('reach %s at %s', (url, actual) => {
    expect(reachable(url, reach)).toBe(actual)
  })

  it('of a document are resolved against where it came from, and stay as written when absolute', () => {
    expect(absolute('/next', 'https://example.test/twiml')).toBe('https://example.test/next')
    expect(absolute('next?a=1', 'https://example.test/a/twiml')).toBe('https://example.test/a/next?a=1')
    expect(absolute('https://Example.test', 'https://other.test/')).toBe('https://Example.test')
    expect(absoluteSocket('/ws', 'https://example.test/twiml')).toBe('wss://example.test/ws')
    expect(absoluteSocket('/ws', 'http://127.0.0.1:1/twiml')).toBe('ws://127.0.0.1:1/ws')
    expect(absoluteSocket('wss://Example.test', 'https://other.test/')).toBe('wss://Example.test')
  })

  it('are loopback or not', () => {
    expect(['ws://127.0.0.1:1/', 'ws://localhost/x', 'ws://[::1]:1/'].map(isLoopback)).toEqual([true, true, true])
    expect(['ws://127.0.0.1.example.test/', 'ws://10.0.0.1/'].map(isLoopback)).toEqual([false, false])
  })
})
