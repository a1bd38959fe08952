//! Products of small matrices on one thread.
//!
//! Why not candle's: a recurrent layer multiplies a few rows with the same weights at every step. candle packs the
//! weights anew each time, and begins threads of its own, though the shards of a batch already run on all.

use pulp::{Arch, Simd, WithSimd};

use super::buffers::Buffers;

/// The right side of a product, in panels of as many columns as one tile computes.
pub(super) struct Packed {
    /// Panel by panel, row by row; the last panel is filled with zeros.
    values: Vec<f32>,
    width: usize,
    rows: usize,
    columns: usize,
}

impl Packed {
    /// Pack a matrix whose rows lie `stride` apart.
    pub(super) fn new(buffers: &Buffers, matrix: &[f32], stride: usize, rows: usize, columns: usize) -> Self {
        let mut packed = Self::unfilled(buffers, rows, columns);
        let width = packed.width;
        for (panel, to) in packed.values.chunks_exact_mut(rows.max(1) * width).enumerate() {
            let first = panel * width;
            let taken = width.min(columns - first);
            for (row, to) in to.chunks_exact_mut(width).enumerate() {
                to[..taken].copy_from_slice(&matrix[row * stride + first..][..taken]);
                to[taken..].fill(0.0);
            }
        }
        packed
    }

    /// Pack the transpose of a matrix of `columns` rows that lie `stride` apart.
    pub(super) fn transposed(buffers: &Buffers, matrix: &[f32], stride: usize, rows: usize, columns: usize) -> Self {
        let mut packed = Self::unfilled(buffers, rows, columns);
        let width = packed.width;
        for (panel, to) in packed.values.chunks_exact_mut(rows.max(1) * width).enumerate() {
            let first = panel * width;
            let taken = width.min(columns - first);
            if taken < width {
                to.fill(0.0);
            }
            for column in 0..taken {
                let from = &matrix[(first + column) * stride..][..rows];
                for (row, value) in from.iter().enumerate() {
                    to[row * width + column] = *value;
                }
            }
        }
        packed
    }

    fn unfilled(buffers: &Buffers, rows: usize, columns: usize) -> Self {
        let width = Arch::new().dispatch(PanelWidth);
        Self {
            values: buffers.any(columns.div_ceil(width) * rows * width),
            width,
            rows,
            columns,
        }
    }

    pub(super) fn give_back(self, buffers: &Buffers) {
        buffers.give_back(self.values);
    }
}

/// The transpose of a matrix of whole rows.
pub(super) fn transpose(matrix: &[f32], rows: usize, columns: usize, result: &mut [f32]) {
    // In blocks: a column of a large matrix does not fit into the cache line by line.
    const BLOCK: usize = 16;
    for first in (0..rows).step_by(BLOCK) {
        let last = (first + BLOCK).min(rows);
        for column in 0..columns {
            let to = &mut result[column * rows + first..column * rows + last];
            for (k, to) in to.iter_mut().enumerate() {
                *to = matrix[(first + k) * columns + column];
            }
        }
    }
}

/// `result += left right`, with `count` rows of `left` and `result`, each so many numbers apart.
///
/// Each number of the result is one sum in the order of the inner axis, with fused multiplication and addition: it is
/// the same for any width of the vectors and any number of rows.
pub(super) fn add_product(left: (&[f32], usize), right: &Packed, result: (&mut [f32], usize), count: usize) {
    Arch::new().dispatch(AddProduct {
        left: left.0,
        left_stride: left.1,
        right,
        result: result.0,
        result_stride: result.1,
        count,
    });
}

struct PanelWidth;

impl WithSimd for PanelWidth {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        VECTORS * S::F32_LANES
    }
}

/// Vectors in a row of a panel.
const VECTORS: usize = 2;

struct AddProduct<'a> {
    left: &'a [f32],
    left_stride: usize,
    right: &'a Packed,
    result: &'a mut [f32],
    result_stride: usize,
    count: usize,
}

impl WithSimd for AddProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            left,
            left_stride,
            right,
            result,
            result_stride,
            count,
        } = self;
        if right.rows == 0 || right.columns == 0 {
            return;
        }
        for (panel, values) in right.values.chunks_exact(right.rows * right.width).enumerate() {
            let first = panel * right.width;
            let columns = right.width.min(right.columns - first);
            let values = S::as_simd_f32s(values).0.as_chunks::<VECTORS>().0;
            let mut row = 0;
            while row < count {
                let left = &left[row * left_stride..];
                let result = &mut result[row * result_stride + first..];
                let rest = count - row;
                // A tile must fit into the registers: two vectors for each of its rows.
                row += if S::REGISTER_COUNT >= 32 && rest >= 8 {
                    tile::<S, 8>(simd, left, left_stride, values, result, result_stride, columns)
                } else if rest >= 4 {
                    tile::<S, 4>(simd, left, left_stride, values, result, result_stride, columns)
                } else {
                    tile::<S, 1>(simd, left, left_stride, values, result, result_stride, columns)
                };
            }
        }
    }
}

/// Add the product of `R` rows with one panel; returns `R`.
#[inline(always)]
fn tile<S: Simd, const R: usize>(
    simd: S,
    left: &[f32],
    left_stride: usize,
    panel: &[[S::f32s; VECTORS]],
    result: &mut [f32],
    result_stride: usize,
    columns: usize,
) -> usize {
    let inner = panel.len();
    let mut rows: [&[f32]; R] = [&[]; R];
    for (r, row) in rows.iter_mut().enumerate() {
        *row = &left[r * left_stride..][..inner];
    }
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; R];
    for (k, vectors) in panel.iter().enumerate() {
        for r in 0..R {
            let value = simd.splat_f32s(rows[r][k]);
            for v in 0..VECTORS {
                sums[r][v] = simd.mul_add_f32s(value, vectors[v], sums[r][v]);
            }
        }
    }
    // A copy, for only an array with fixed indices stays in registers.
    let totals = sums;
    for (r, total) in totals.iter().enumerate() {
        let to = &mut result[r * result_stride..][..columns];
        let (whole, part) = S::as_mut_simd_f32s(to);
        for v in 0..whole.len() {
            whole[v] = simd.add_f32s(whole[v], total[v]);
        }
        if let Some(total) = total.get(whole.len()) {
            let before = simd.partial_load_f32s(part);
            simd.partial_store_f32s(part, simd.add_f32s(before, *total));
        }
    }
    R
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, whose sums f32 holds exactly.
    fn matrix(rows: usize, columns: usize) -> Vec<f32> {
        (0..rows * columns).map(|i| ((i * 7919) % 23) as f32 - 11.0).collect()
    }

    #[test]
    fn products_are_exact_for_any_size() {
        for (m, k, n) in [
            (1, 1, 1),
            (3, 5, 7),
            (16, 128, 512),
            (13, 9, 33),
            (8, 1, 31),
            (21, 64, 40),
        ] {
            let buffers = Buffers::default();
            buffers.give_back(vec![f32::NAN; 100_000]);
            let (a, b) = (matrix(m, k), matrix(k, n));
            let expected: Vec<f32> = (0..m * n)
                .map(|i| 1.0 + (0..k).map(|j| a[i / n * k + j] * b[j * n + i % n]).sum::<f32>())
                .collect();
            let mut result = vec![1.0; m * n];
            add_product((&a, k), &Packed::new(&buffers, &b, n, k, n), (&mut result, n), m);
            assert_eq!(result, expected, "{m} {k} {n}");
            let mut result = vec![1.0; m * n];
            let mut turned = vec![0.0; k * n];
            transpose(&b, k, n, &mut turned);
            let packed = Packed::transposed(&buffers, &turned, k, k, n);
            add_product((&a, k), &packed, (&mut result, n), m);
            assert_eq!(result, expected, "{m} {k} {n} transposed");
        }
    }

    #[test]
    fn rows_and_columns_outside_are_left_alone() {
        // The last two columns of three, and every second row.
        let (a, b) = ([1.0, 2.0, 9.0, 9.0, 3.0, 4.0], [9.0, 1.0, 2.0, 9.0, 3.0, 4.0]);
        let buffers = Buffers::default();
        let mut result = [0.0, 0.0, 5.0, 0.0, 0.0, 5.0];
        add_product((&a, 4), &Packed::new(&buffers, &b[1..], 3, 2, 2), (&mut result, 3), 2);
        assert_eq!(result, [7.0, 10.0, 5.0, 15.0, 22.0, 5.0]);
    }

    /// The product of 13 x 50 and 50 x 64 with the vectors of a given kind of processor.
    fn bits<S: Simd>(simd: S) -> Vec<u32> {
        let (m, k, n) = (13, 50, 64);
        let [a, b] = [m * k, k * n].map(|count| (0..count).map(|i| (i as f32).sin()).collect::<Vec<f32>>());
        let width = VECTORS * S::F32_LANES;
        let in_panels = (0..k * n).map(|i| b[i % (k * width) / width * n + i / (k * width) * width + i % width]);
        let packed = Packed {
            values: in_panels.collect(),
            width,
            rows: k,
            columns: n,
        };
        let mut result = vec![0.1; m * n];
        simd.vectorize(AddProduct {
            left: &a,
            left_stride: k,
            right: &packed,
            result: &mut result,
            result_stride: n,
            count: m,
        });
        result.into_iter().map(f32::to_bits).collect()
    }

    #[test]
    fn the_width_of_vectors_changes_no_bit() {
        struct Bits;
        impl WithSimd for Bits {
            type Output = Vec<u32>;

            fn with_simd<S: Simd>(self, simd: S) -> Vec<u32> {
                bits(simd)
            }
        }
        let widest = Arch::new().dispatch(Bits);
        assert_eq!(widest, bits(pulp::Scalar::new()));
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = pulp::x86::V3::try_new() {
            assert_eq!(widest, bits(v3));
        }
    }
}
