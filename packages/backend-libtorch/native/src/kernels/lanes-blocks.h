// Panels of a product, some rows at a time. Included by the file of a tile unit after its `multiply_block`.

/** Calls the instance of `multiply_block` for the rows that are left, at most `Rows` of them. */
template <int Rows, int Count, typename Element>
void multiply_rows(int64_t rows, const Element* a, int64_t stride_a, const Panels<const uint32_t>& b, int64_t column,
                   const Panels<float>& c, int64_t row, int64_t pairs, bool accumulate) {
  if constexpr (Rows > 1) {
    if (rows < Rows) {
      multiply_rows<Rows - 1, Count>(rows, a, stride_a, b, column, c, row, pairs, accumulate);
      return;
    }
  }
  multiply_block<Rows, Count>(a, stride_a, b, column, c, row, pairs, accumulate);
}

/** Columns of C of `Count` panels, `Rows` at a time. */
template <int Rows, int Count, typename Element>
void multiply_columns(int64_t rows, const Element* a, int64_t stride_a, const Panels<const uint32_t>& b, int64_t column,
                      const Panels<float>& c, int64_t row, int64_t pairs, bool accumulate) {
  for (int64_t i = 0; i < rows; i += Rows) {
    multiply_rows<Rows, Count>(rows - i, a + i * stride_a, stride_a, b, column, c, row + i, pairs, accumulate);
  }
}
