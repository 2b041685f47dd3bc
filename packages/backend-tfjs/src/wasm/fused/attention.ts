/**
 * Attention over a shared prefix and each row's own keys, forward and backward, one row and head at a time: only [T, Z + S]
 * scores are ever held, and the backward pass computes them again.
 */

import type { AttentionArguments, Tensor } from "@soft-tokens/tensor";
import { type AttentionSizes, resolveAttention } from "@soft-tokens/tensor/checks";
import type { DeviceArray } from "../../engine/array.ts";
import type { Handle } from "../../engine/handle.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { broadcastStrides } from "../../kernels/layout.ts";
import type { WasmDevice } from "../device.ts";
import { GEMM_WORK_BYTES } from "../simd.ts";
import { assertFloat } from "./checks.ts";

/** Rows that share one prefix, and where it is. */
interface Group {
  readonly begin: number;
  readonly rows: number;
  readonly prompt: number;
}

export function attention(runtime: Runtime, wasm: WasmDevice, options: AttentionArguments): Tensor {
  const use = (x: Tensor): Handle => runtime.use(x, "attention");
  const query = use(options.query_BNTH);
  const key = use(options.key_BKSH);
  const value = use(options.value_BKSH);
  const mask = options.mask ? use(options.mask) : null;
  const { prefix } = options;
  const prefixKey = prefix ? use(prefix.key_PKSH) : null;
  const prefixValue = prefix ? use(prefix.value_PKSH) : null;
  const prefixMask = prefix?.mask_PS ? use(prefix.mask_PS) : null;
  const inputs = [query, key, value, ...(prefixKey && prefixValue ? [prefixKey, prefixValue] : [])];
  const masks = [mask, prefixMask].filter((x) => x !== null);
  assertFloat([...inputs, ...masks], "attention");
  const sizes = resolveAttention(options);
  const layout = {
    sizes,
    visible: visibleKeys(wasm, mask, sizes),
    groups: groupsOf(options, sizes),
    maskShape: mask?.shape ?? null,
    scale: options.scale,
  };

  const out = wasm.heap.uninitialized(wasm.device, query.shape);
  const data = [...inputs, ...masks].map((x) => x.array("attention"));
  forEachGroup(
    wasm,
    layout,
    operandsOf(data, prefix !== undefined, mask !== null),
    (numbers, at, scores, work) =>
      wasm.simd.attend(...numbers, wasm.heap.address(out) + at.query, scores, work),
  );
  const y = runtime.wrap(out);
  runtime.record(y, inputs, [...inputs, ...masks], (dy, saved) => {
    const arrays = saved.map((x) => x.array("attention"));
    const operands = operandsOf(arrays, prefix !== undefined, mask !== null);
    const gradients = backward(wasm, layout, operands, dy.array("attention"));
    return gradients.map((gradient) => runtime.wrap(gradient));
  });
  return y;
}

interface Layout {
  readonly sizes: AttentionSizes;
  /** Own keys that are visited; the rest has no weight. */
  readonly visible: number;
  readonly groups: readonly Group[];
  readonly maskShape: readonly number[] | null;
  readonly scale: number;
}

interface Operands {
  readonly query: DeviceArray;
  readonly key: DeviceArray;
  readonly value: DeviceArray;
  readonly prefixKey: DeviceArray | null;
  readonly prefixValue: DeviceArray | null;
  readonly mask: DeviceArray | null;
  readonly prefixMask: DeviceArray | null;
}

function operandsOf(data: readonly DeviceArray[], hasPrefix: boolean, hasMask: boolean): Operands {
  const rest = [...data];
  const take = (): DeviceArray => rest.shift() as DeviceArray;
  return {
    query: take(),
    key: take(),
    value: take(),
    prefixKey: hasPrefix ? take() : null,
    prefixValue: hasPrefix ? take() : null,
    mask: hasMask ? take() : null,
    prefixMask: rest.length > 0 ? take() : null,
  };
}

/** Byte offsets of a group's rows in [B, N, T, H] and [B, K, S, H], and of its prompt in [P, K, Z, H]. */
interface GroupOffsets {
  readonly query: number;
  readonly key: number;
  readonly prefix: number;
}

/** Calls `visit` with the numbers that both directions begin with: sizes, operands, masks, scale. */
function forEachGroup(
  wasm: WasmDevice,
  { sizes, visible, groups, maskShape, scale }: Layout,
  operands: Operands,
  visit: (numbers: number[], at: GroupOffsets, scores: number, work: number) => void,
): void {
  const { B, N, T, H, K, S, Z } = sizes;
  const { heap } = wasm;
  const scoreBytes = T * (Z + visible) * 4;
  const work = heap.scratch(GEMM_WORK_BYTES + 2 * scoreBytes);
  const scores = work + GEMM_WORK_BYTES;
  const address = (x: DeviceArray | null): number => (x ? heap.address(x) : 0);
  const strides = maskShape ? broadcastStrides(maskShape, [B, 1, T, S]).map((stride) => stride * 4) : [];
  const [maskB = 0, , maskT = 0, maskS = 0] = strides;
  for (const { begin, rows, prompt } of groups) {
    const at = {
      query: begin * N * T * H * 4,
      key: begin * K * S * H * 4,
      prefix: prompt * K * Z * H * 4,
    };
    const numbers = [rows, N, T, H, K, visible, S, Z];
    numbers.push(address(operands.query) + at.query);
    numbers.push(address(operands.key) + at.key, address(operands.value) + at.key);
    numbers.push(address(operands.prefixKey) + at.prefix, address(operands.prefixValue) + at.prefix);
    numbers.push(operands.mask ? address(operands.mask) + begin * maskB : 0, maskB, maskT, maskS);
    numbers.push(operands.prefixMask ? address(operands.prefixMask) + prompt * Z * 4 : 0, scale);
    visit(numbers, at, scores, work);
  }
}

/** By query, key, value and the prefix's key and value, in the order of the operands. */
function backward(
  wasm: WasmDevice,
  layout: Layout,
  operands: Operands,
  upstream: DeviceArray,
): DeviceArray[] {
  const { heap, device, simd } = wasm;
  const { T, Z } = layout.sizes;
  const query = heap.uninitialized(device, operands.query.shape);
  const key = heap.zeros(device, operands.key.shape);
  const value = heap.zeros(device, operands.value.shape);
  const { prefixKey, prefixValue } = operands;
  const prefix =
    prefixKey && prefixValue
      ? [heap.zeros(device, prefixKey.shape), heap.zeros(device, prefixValue.shape)]
      : [];
  const [prefixKeyAt = 0, prefixValueAt = 0] = prefix.map((x) => heap.address(x));
  forEachGroup(wasm, layout, operands, (numbers, at, scores, work) =>
    simd.attendBackward(
      ...numbers,
      ...[heap.address(upstream) + at.query, heap.address(query) + at.query],
      ...[heap.address(key) + at.key, heap.address(value) + at.key],
      ...[prefixKeyAt + at.prefix, prefixValueAt + at.prefix],
      ...[scores, scores + T * (Z + layout.visible) * 4, work],
    ),
  );
  return [query, key, value, ...prefix];
}

/** Added to a score, this leaves no weight beside any key that is not hidden. */
const HIDDEN = -1e8;

/**
 * Own keys up to the last one that is not hidden from everybody: a cache has room for keys that are yet to come. All of
 * them where none is visible, so that the weights are still those of the softmax.
 */
function visibleKeys(wasm: WasmDevice, mask: Handle | null, { S }: AttentionSizes): number {
  if (!mask || mask.size !== S || mask.shape[mask.shape.length - 1] !== S) return S;
  const at = wasm.heap.address(mask.array("attention")) / 4;
  const { floats } = wasm.heap;
  let visible = S;
  while (visible > 0 && (floats[at + visible - 1] as number) <= HIDDEN) visible--;
  return visible === 0 ? S : visible;
}

function groupsOf({ prefix }: AttentionArguments, { B }: AttentionSizes): Group[] {
  if (!prefix) return [{ begin: 0, rows: B, prompt: 0 }];
  const groups: Group[] = [];
  let begin = 0;
  prefix.rowsPerPrompt.forEach((rows, prompt) => {
    if (rows > 0) groups.push({ begin, rows, prompt });
    begin += rows;
  });
  return groups;
}
