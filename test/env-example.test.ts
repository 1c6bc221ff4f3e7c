import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { describe, expect, it } from 'vitest'
import { loadConfig, VARIABLES } from '../src/config.ts'

const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
const example = parse(text)

describe('.env.example', () => {
  it('lists every variable there is, once, and no other', () => {
    const listed = [...text.matchAll(/^(\w+)=/gm)].map(([, name]) => name)
    expect(listed).toHaveLength(VARIABLES.length)
    expect(new Set(listed)).toEqual(new Set(VARIABLES))
  })

  it('needs no more than an auth token to be a configuration', () => {
    expect(() => loadConfig(example)).toThrow(/^the environment is not complete:\n {2}TWILIO_AUTH_TOKEN is missing/)
    expect(loadConfig({ ...example, TWILIO_AUTH_TOKEN: 'x' })).toBeDefined()
  })

  it('shows the defaults', () => {
    const required = {
      PUBLIC_URL: example['PUBLIC_URL'],
      TWILIO_ACCOUNT_SID: example['TWILIO_ACCOUNT_SID'],
      TWILIO_AUTH_TOKEN: 'x',
    }
    expect(loadConfig({ ...example, TWILIO_AUTH_TOKEN: 'x' })).toEqual(loadConfig(required))
  })

  it('says something about each variable or group of them', () => {
    const blocks = text.trim().split(/\n(?=#)/)
    for (const block of blocks) expect(block).toMatch(/^# .+\n/)
  })
})
