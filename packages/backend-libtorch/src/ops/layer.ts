/** The fused operations of a decoder layer, and the optimizer's step. */

import {
  type AdamWArguments,
  type AttentionArguments,
  assertShape,
  broadcastShapes,
  type DType,
  type FusedOps,
  formatShape,
  shapesEqual,
  type Tensor,
  TensorError,
} from "@soft-tokens/tensor";
import {
  assertAdamW,
  assertDtype,
  assertHasAxis,
  assertSameDtype,
  resolveAttention,
  resolveOutputDtype,
} from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { dtypeCode } from "../native/addon.ts";

export type LayerOps = Pick<FusedOps, "rmsNorm" | "rotary" | "attention" | "gatedMlp" | "adamW">;

const FLOAT: readonly DType[] = ["float32", "bfloat16"];

export function layerOps(runtime: Runtime): LayerOps {
  const { operations } = runtime;

  /** Live operands of one float dtype. */
  function floats(operation: string, ...tensors: readonly Tensor[]): Handle[] {
    const handles = tensors.map((x) => runtime.use(x, operation));
    const first = handles[0] as Handle;
    assertDtype(first, FLOAT, operation);
    for (const handle of handles) assertSameDtype(first, handle, operation);
    return handles;
  }

  function float32(operation: string, tensor: Tensor): Handle {
    const handle = runtime.use(tensor, operation);
    assertDtype(handle, ["float32"], operation);
    return handle;
  }

  return {
    rmsNorm(operandX, operandWeight, { epsilon }) {
      const x = runtime.use(operandX, "rmsNorm");
      const [weight] = floats("rmsNorm", operandWeight) as [Handle];
      assertDtype(x, x.dtype === "float32" ? FLOAT : [weight.dtype], "rmsNorm");
      assertHasAxis(x, "rmsNorm");
      assertShape(weight, [x.shape[x.shape.length - 1] as number], "rmsNorm: weight");
      const y = runtime.result(x.shape, weight.dtype, { from: [x, weight] });
      operations.rmsNorm(y.slot, x.slot, weight.slot, epsilon);
      return y;
    },
    rotary(operandX, operandCos, operandSin) {
      const [x] = floats("rotary", operandX) as [Handle];
      const { B = 0, T = 0, H = 0 } = assertShape(x, ["B", "N", "T", "H"], "rotary: x");
      if (H % 2 !== 0) {
        throw new TensorError("SHAPE_MISMATCH", `rotary: the head size must be even, got ${H}`);
      }
      const tables = [operandCos, operandSin].map((table) => float32("rotary", table)) as [Handle, Handle];
      for (const table of tables) {
        const shape = [B, 1, T, H];
        if (!shapesEqual(broadcastShapes(table.shape, shape, "rotary"), shape)) {
          throw new TensorError(
            "SHAPE_MISMATCH",
            `rotary: cos and sin must broadcast to ${formatShape(shape)}, got ${formatShape(table.shape)}`,
          );
        }
      }
      const y = runtime.result(x.shape, x.dtype, { from: [x] });
      operations.rotary(y.slot, x.slot, tables[0].slot, tables[1].slot);
      return y;
    },
    attention: (options) => attention(options),
    gatedMlp(operandX, operandGate, operandUp, operandDown, options = {}) {
      const operands = floats("gatedMlp", operandX, operandGate, operandUp, operandDown);
      const [x, gate, up, down] = operands as [Handle, Handle, Handle, Handle];
      const { R = 0, D = 0 } = assertShape(x, ["R", "D"], "gatedMlp: x");
      const { F = 0 } = assertShape(gate, [D, "F"], "gatedMlp: gate");
      assertShape(up, [D, F], "gatedMlp: up");
      const { O = 0 } = assertShape(down, [F, "O"], "gatedMlp: down");
      const dtype = resolveOutputDtype(x, options, "gatedMlp");
      const y = runtime.result([R, O], dtype, { from: operands });
      operations.gatedMlp(y.slot, x.slot, gate.slot, up.slot, down.slot, dtypeCode[dtype]);
      return y;
    },
    adamW: (options) => adamW(options),
  };

  function attention(options: AttentionArguments): Tensor {
    const { prefix } = options;
    const operands = floats(
      "attention",
      options.query_BNTH,
      options.key_BKSH,
      options.value_BKSH,
      ...(prefix ? [prefix.key_PKSH, prefix.value_PKSH] : []),
    );
    const [query, key, value, prefixKey, prefixValue] = operands as [
      Handle,
      Handle,
      Handle,
      Handle?,
      Handle?,
    ];
    resolveAttention(options);
    const mask = options.mask ? float32("attention", options.mask) : null;
    const prefixMask = prefix?.mask_PS ? float32("attention", prefix.mask_PS) : null;
    const y = runtime.result(query.shape, query.dtype, { from: operands });
    operations.attention(
      y.slot,
      query.slot,
      key.slot,
      value.slot,
      mask?.slot ?? null,
      prefixKey?.slot ?? null,
      prefixValue?.slot ?? null,
      prefixMask?.slot ?? null,
      prefix?.rowsPerPrompt ?? [],
      options.scale,
    );
    return y;
  }

  function adamW(options: AdamWArguments): void {
    const use = (x: Tensor): Handle => {
      const handle = runtime.use(x, "adamW");
      assertDtype(handle, FLOAT, "adamW");
      return handle;
    };
    const parameter = use(options.parameter);
    const gradient = use(options.gradient);
    const firstMoment = use(options.firstMoment);
    const secondMoment = use(options.secondMoment);
    const master = options.master ? float32("adamW", options.master) : null;
    assertAdamW(options);
    operations.adamW(
      [parameter, firstMoment, secondMoment, ...(master ? [master] : [])].map((handle) => handle.slot),
      parameter.slot,
      master?.slot ?? null,
      gradient.slot,
      firstMoment.slot,
      secondMoment.slot,
      Uint32Array.from(options.roundingKey?.words ?? []),
      options.step,
      options.learningRate,
      options.beta1,
      options.beta2,
      options.epsilon,
      options.weightDecay,
      options.gradientScale,
    );
  }
}
