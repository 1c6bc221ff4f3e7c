import { describe, expect, it } from 'vitest'
import { rehearse } from '../../src/exchange/rehearsal.ts'

describe('a rehearsal', () => {
  it('carries a call from its webhook to its end', async () => {
    await expect(rehearse()).resolves.toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })
})
