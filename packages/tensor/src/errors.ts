/**
 * Errors of the tensor contract. Callers test `code`, never the text.
 * A message names the operation, what it was given and what it wanted.
 */

/** Stable codes of {@link TensorError}. */
export type TensorErrorCode =
  | "SHAPE_MISMATCH" // sizes or ranks do not fit together
  | "DTYPE_MISMATCH" // operands of different or unfitting dtypes; there is no implicit promotion
  | "INDEX_OUT_OF_RANGE" // an axis, a slice or a row id outside its tensor
  | "INVALID_ARGUMENT" // a value that no tensor of this operation can have
  | "UNSUPPORTED_OP" // an optional operation or dtype that the backend's capabilities do not declare
  | "BACKEND_UNAVAILABLE" // no variant of the backend could be loaded; `cause` and the message list each try
  | "NOT_BUILT" // a native part that has to be built first
  | "NATIVE_ABI" // a native part that is there but was built for another libtorch, Node, system or processor
  | "OUT_OF_MEMORY"
  | "BACKEND_FAILURE"; // the library under a backend failed; the message is its own, with the operation

/** Every failure of a tensor operation except use after dispose. */
export class TensorError extends Error {
  override readonly name = "TensorError";
  constructor(
    readonly code: TensorErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Use of a tensor after `dispose()`: a mistake of the program, hence a ReferenceError. */
export class TensorDisposedError extends ReferenceError {
  override readonly name = "TensorDisposedError";
  readonly code = "TENSOR_DISPOSED" as const;
}
