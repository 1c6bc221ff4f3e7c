/** Noise of a seed: unlike any other, and so found exactly where it is heard. */
export function noise(samples: number, seed = 1): Int16Array {
  let state = seed
  return Int16Array.from({ length: samples }, () => {
    state = (state * 48_271) % 2_147_483_647
    return (state % 20_001) - 10_000
  })
}
