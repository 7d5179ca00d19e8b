/* The convolutions of the kernel, included by kernel.c: one compilation, so that each tile is
 * unrolled into its caller. */

/* sum[p][q] += products of the next n inputs at in[p] with n rows of weights, n a multiple of 4;
 * moves the inputs on, and returns where the weights go on. The 8 sums, 2 quads of weights, an
 * input and a product fit into 16 registers, with some left for addresses. */
INLINE const f32x4 *multiply(f32x4 sum[PIXELS][2], const float **in, const f32x4 *w, int n,
                             int quads) {
  for (int i = 0; i < n; i += 4) {
    UNROLL for (int j = 0; j < 4; j++, w += quads) {
      f32x4 row[2];
      UNROLL for (int q = 0; q < quads; q++) row[q] = w[q];
      UNROLL for (int p = 0; p < PIXELS; p++) {
        f32x4 x = splat(in[p][j]);
        UNROLL for (int q = 0; q < quads; q++) {
          sum[p][q] += row[q] * x;
          HERE(sum[p][q]);
        }
      }
    }
    for (int p = 0; p < PIXELS; p++) in[p] += 4;
  }
  return w;
}

/* One tile of a convolution: PIXELS output pixels x quads * 4 output channels. in[p] is the top
 * left input of the window of pixel p; a row of the window is one run of kernel * in.s numbers,
 * with a sum of its own. */
INLINE void conv_tile(const struct step *s, const float **in, float *const *out, const f32x4 *w,
                      const f32x4 *bias, int quads) {
  int run = s->kernel * s->in.s, row = s->in.w * s->in.s;
  f32x4 sum[PIXELS][2], total[PIXELS][2];
  for (int p = 0; p < PIXELS; p++)
    for (int q = 0; q < quads; q++) total[p][q] = bias[q];
  for (int ky = 0; ky < s->kernel; ky++) {
    for (int p = 0; p < PIXELS; p++)
      for (int q = 0; q < quads; q++) sum[p][q] = splat(0.0f);
    w = multiply(sum, in, w, run & ~3, quads);
    for (int i = run & ~3; i < run; i++, w += quads) /* only where the image itself is the input */
      for (int p = 0; p < PIXELS; p++) {
        f32x4 x = splat(*in[p]++);
        for (int q = 0; q < quads; q++) sum[p][q] += w[q] * x;
      }
    for (int p = 0; p < PIXELS; p++) {
      in[p] += row - run;
      for (int q = 0; q < quads; q++) total[p][q] += sum[p][q];
    }
  }
  for (int p = 0; p < PIXELS; p++)
    for (int q = 0; q < quads; q++) ((f32x4 *)out[p])[q] = total[p][q];
}

/* float[in.h][in.w][in.s] -> float[out.h][out.w][out.s], no padding (a PAD step came before).
 * weights float[tile][ky][kx][in.s][8], bias float[out.s]. */
static void conv2d(const struct step *s) {
  int pixels = s->out.h * s->out.w;
  const float *w = s->weights;
  for (int c = 0; c < s->out.s; c += 8) {
    int width = s->out.s - c >= 8 ? 8 : 4;
    for (int first = 0; first < pixels; first += PIXELS) {
      const float *in[PIXELS];
      float *out[PIXELS];
      for (int p = 0; p < PIXELS; p++) {
        /* The last tile may reach past the image: compute the last pixel again. */
        int pixel = first + p < pixels ? first + p : pixels - 1;
        int y = pixel / s->out.w, x = pixel % s->out.w;
        in[p] = s->from + (y * s->in.w + x) * s->stride * s->in.s;
        out[p] = s->to + pixel * s->out.s + c;
      }
      const f32x4 *tile = (const f32x4 *)w, *bias = (const f32x4 *)(s->bias + c);
      if (width == 8) conv_tile(s, in, out, tile, bias, 2);
      else conv_tile(s, in, out, tile, bias, 1);
    }
    w += s->kernel * s->kernel * s->in.s * width;
  }
}

/* float[in.h][in.w][s] -> float[out.h][out.w][s], each channel with a window of its own, no padding. */
static void depthwise(const struct step *s) {
  int quads = s->in.s / 4;
  f32x4 *out = (f32x4 *)s->to;
  for (int y = 0; y < s->out.h; y++)
    for (int x = 0; x < s->out.w; x++)
      for (int q = 0; q < quads; q++) {
        const f32x4 *in = (const f32x4 *)s->from + (y * s->in.w + x) * s->stride * quads + q;
        const f32x4 *w = (const f32x4 *)s->weights + q;
        f32x4 sum = ((const f32x4 *)s->bias)[q];
        for (int ky = 0; ky < s->kernel; ky++, in += (s->in.w - s->kernel) * quads)
          for (int kx = 0; kx < s->kernel; kx++, in += quads, w += quads) sum += *in * *w;
        *out++ = sum;
      }
}

/* Six numbers that overlapping runs of three share, so that four sums of three products with three
 * weights take six multiplications instead of twelve: Winograd's F(4, 3), as in Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks" (2015), but at 0, 3/4, -3/4, 3/2, -3/2 and infinity,
 * which rounds half as much as at 0, 1, 2. Here for x[0], x[n] to x[5n], in place. network.c has
 * done the same to the weights. */
INLINE void spread(f32x4 *x, int n) {
  f32x4 a = x[0], b = x[n], c = x[2 * n], d = x[3 * n], e = x[4 * n], f = x[5 * n];
  f32x4 p = e - c * 2.25f, q = (d - b * 2.25f) * 0.75f;
  f32x4 r = e - c * 0.5625f, t = (d - b * 0.5625f) * 1.5f;
  x[0] = a * 1.265625f - c * 2.8125f + e, x[5 * n] = b * 1.265625f - d * 2.8125f + f;
  x[n] = p + q, x[2 * n] = p - q, x[3 * n] = r + t, x[4 * n] = r - t;
}

/* And back, from the six products to the four sums, in x[0] to x[3n]. */
INLINE void gather(f32x4 *x, int n) {
  f32x4 a = x[0], b = x[n], c = x[2 * n], d = x[3 * n], e = x[4 * n], f = x[5 * n];
  f32x4 s = b + c, t = b - c, u = d + e, v = d - e;
  x[0] = a + s + u, x[n] = t * 0.75f + v * 1.5f, x[2 * n] = s * 0.5625f + u * 2.25f;
  x[3 * n] = t * 0.421875f + v * 3.375f + f;
}

/* One tile of conv3x3: PIXELS blocks of 4 x 4 output pixels x quads * 4 output channels. `in` holds
 * 36 x PIXELS rows of inputs, spread. out[p] is the top left output of block p. */
INLINE void conv3x3_tile(const struct step *s, const float *in, float *const *out, const f32x4 *w,
                         const f32x4 *bias, int quads) {
  f32x4 product[PIXELS][2][36];
  for (int i = 0; i < 36; i++) {
    const float *row[PIXELS];
    f32x4 sum[PIXELS][2];
    for (int p = 0; p < PIXELS; p++, in += s->in.s) {
      row[p] = in;
      for (int q = 0; q < quads; q++) sum[p][q] = splat(0.0f);
    }
    w = multiply(sum, row, w, s->in.s, quads);
    for (int p = 0; p < PIXELS; p++)
      for (int q = 0; q < quads; q++) product[p][q][i] = sum[p][q];
  }
  for (int p = 0; p < PIXELS; p++)
    for (int q = 0; q < quads; q++) {
      f32x4 *x = product[p][q], *to = (f32x4 *)out[p] + q;
      int step = s->out.s / 4, line = s->out.w * step;
      for (int column = 0; column < 6; column++) gather(x + column, 6);
      for (int y = 0; y < 4; y++, x += 6, to += line) {
        gather(x, 1);
        UNROLL for (int i = 0; i < 4; i++) to[i * step] = x[i] + bias[q];
      }
    }
}

/* As conv2d, for a kernel of 3, stride 1 and at least 4 x 4 outputs: 36 products for a block of
 * 4 x 4 outputs instead of 144. weights float[tile][36][in.s][8], spread; bias float[out.s]. */
static void conv3x3(const struct step *s) {
  int across = (s->out.w + 3) / 4, blocks = (s->out.h + 3) / 4 * across, row = s->in.s / 4;
  for (int first = 0; first < blocks; first += PIXELS) {
    float *out[PIXELS];
    for (int p = 0; p < PIXELS; p++) {
      /* As in conv2d the last tile computes the last block again; and where the outputs are no
       * multiple of 4, the last block of a row or column overlaps the one before. */
      int block = first + p < blocks ? first + p : blocks - 1;
      int y = 4 * (block / across), x = 4 * (block % across);
      if (y > s->out.h - 4) y = s->out.h - 4;
      if (x > s->out.w - 4) x = s->out.w - 4;
      const f32x4 *in = (const f32x4 *)s->from + (y * s->in.w + x) * row;
      f32x4 *to = (f32x4 *)scratch + p * row;
      for (int q = 0; q < row; q++) {
        f32x4 window[36];
        UNROLL for (int i = 0; i < 36; i++)
          window[i] = in[(i / 6 * s->in.w + i % 6) * row + q];
        UNROLL for (int column = 0; column < 6; column++) spread(window + column, 6);
        UNROLL for (int line = 0; line < 36; line += 6) spread(window + line, 1);
        UNROLL for (int i = 0; i < 36; i++) to[i * PIXELS * row + q] = window[i];
      }
      out[p] = s->to + (y * s->out.w + x) * s->out.s;
    }
    const float *w = s->weights;
    for (int c = 0; c < s->out.s; c += 8) {
      const f32x4 *tile = (const f32x4 *)w, *bias = (const f32x4 *)(s->bias + c);
      int width = s->out.s - c >= 8 ? 8 : 4;
      if (width == 8) conv3x3_tile(s, scratch, out, tile, bias, 2);
      else conv3x3_tile(s, scratch, out, tile, bias, 1);
      for (int p = 0; p < PIXELS; p++) out[p] += width;
      w += 36 * s->in.s * width;
    }
  }
}
