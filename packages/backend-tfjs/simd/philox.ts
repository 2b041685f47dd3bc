// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// The words of the reference generator (Philox4x32-10), which multiplies faster here than in JavaScript's doubles.

/** `blocks` outputs of four words for the counters (index, 0, 0, use), index from 0. */
export function philoxWords(blocks: i32, keyLow: i32, keyHigh: i32, use: i32, out: usize): void {
  for (let index = 0; index < blocks; index++) {
    let c0: u32 = index;
    let c1: u32 = 0;
    let c2: u32 = 0;
    let c3: u32 = use;
    let k0: u32 = keyLow;
    let k1: u32 = keyHigh;
    for (let round = 0; round < 10; round++) {
      const product0: u64 = (0xd2511f53 as u64) * (c0 as u64);
      const product1: u64 = (0xcd9e8d57 as u64) * (c2 as u64);
      c0 = ((product1 >> 32) as u32) ^ c1 ^ k0;
      c2 = ((product0 >> 32) as u32) ^ c3 ^ k1;
      c1 = product1 as u32;
      c3 = product0 as u32;
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
    store<u32>(out, c0);
    store<u32>(out, c1, 4);
    store<u32>(out, c2, 8);
    store<u32>(out, c3, 12);
    out += 16;
  }
}
