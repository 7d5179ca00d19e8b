/* The forward pass of a mnist-nb network: 784 bytes in, probabilities out.
 *
 * weights.ts checks a weights file and pack.ts lays it out in this module's memory as a list of
 * steps; classify() runs the steps for one image after another. It allocates nothing.
 *
 * Layout. An activation of C channels on H x W pixels is float[H][W][S]: channels last, S = C
 * rounded up to a multiple of 4 so that one 128-bit register always holds 4 channels of one pixel.
 * The spare channels hold zeros all the way through: their weights, biases, scales and shifts are
 * zeros, and relu, gelu and max keep zeros. Only the image itself may have S = C = 1.
 *
 * Weights of conv2d and linear are float[tile][row][8]: outputs in tiles of 8 (the last one may be
 * of 4), and in a tile the inputs in the order in which the loops below meet them. So every inner
 * loop reads its weights straight on.
 *
 * Plain 128-bit SIMD, no relaxed instructions: the same bits on every machine.
 */

typedef float f32x4 __attribute__((vector_size(16)));
typedef unsigned char u8;

#define IMAGE_PIXELS 784

/* Into each caller, where `quads` is a number: only then do the sums stay in registers. */
#define INLINE static inline __attribute__((always_inline))

enum op { INPUT, PAD, CONV2D, SCALE_SHIFT, RELU, GELU, MAXPOOL2D, LINEAR, SOFTMAX };

/* One step, 20 words of 4 bytes; pack.ts writes the same fields in the same order. */
struct step {
  enum op op;
  const float *in;      /* activation read,    float[in_h][in_w][in_s] */
  float *out;           /* activation written, float[out_h][out_w][out_s] */
  const float *weights; /* packed weights; scale of SCALE_SHIFT; float[256] of INPUT */
  const float *bias;    /* bias, float[out_s]; shift of SCALE_SHIFT */
  int in_h, in_w, in_c, in_s;
  int out_h, out_w, out_c, out_s;
  int kernel_h, kernel_w, stride;
  int low_y, low_x; /* PAD: rows above and columns to the left */
  int unused[2];
};

static f32x4 splat(float x) { return (f32x4){x, x, x, x}; }
static f32x4 larger(f32x4 a, f32x4 b) { return __builtin_wasm_pmax_f32x4(a, b); }
static f32x4 smaller(f32x4 a, f32x4 b) { return __builtin_wasm_pmin_f32x4(a, b); }

/* erf(x) = x P(x^2) / Q(x^2), a least-squares fit on |x| <= 3.92, where erf is 1 - 3e-8; the fit is
 * within 2e-8 and float32 rounding makes it 3e-7. */
static f32x4 erf4(f32x4 x) {
  x = larger(splat(-3.92f), smaller(splat(3.92f), x));
  f32x4 u = x * x;
  f32x4 p = splat(2.0347270e-06f);
  p = p * u + 2.8747952e-04f;
  p = p * u + 3.8683468e-03f;
  p = p * u + 5.3060539e-02f;
  p = p * u + 1.9276457e-01f;
  p = p * u + 1.1283790e+00f;
  f32x4 q = splat(3.8070564e-05f);
  q = q * u + 1.1881193e-03f;
  q = q * u + 1.5172335e-02f;
  q = q * u + 1.1508482e-01f;
  q = q * u + 5.0416481e-01f;
  q = q * u + 1.0f;
  return x * p / q;
}

/* exp(x) for x <= 0 as 2^n e^r with |r| <= ln(2) / 2, e^r by its Taylor series to r^7: within
 * 2e-7 of exp(x), relatively. */
static float exp1(float x) {
  if (!(x > -87.0f)) return x == x ? 0.0f : x; /* below the smallest normal float; NaN stays NaN */
  int n = (int)(x * 1.44269504f - 0.5f);
  float r = x - (float)n * 0.693359375f + (float)n * 2.12194440e-4f; /* ln 2 in two parts */
  float sum = 1.0f / 5040;
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  union { int bits; float value; } two_to_n = {(n + 127) << 23};
  return sum * two_to_n.value;
}

/* u8[784] -> float[784][S]: the table holds (x / scale - mean) / std for each byte x. */
static void input(const struct step *s, const u8 *image) {
  for (int i = 0; i < IMAGE_PIXELS; i++)
    for (int c = 0; c < s->out_s; c++)
      s->out[i * s->out_s + c] = c == 0 ? s->weights[image[i]] : 0.0f;
}

/* float[in_h][in_w][S] -> float[out_h][out_w][S] with a border of zeros, for padding "same". */
static void pad(const struct step *s) {
  int in_row = s->in_w * s->in_s, out_row = s->out_w * s->out_s;
  for (int i = 0; i < s->out_h * out_row; i++) s->out[i] = 0.0f;
  for (int y = 0; y < s->in_h; y++) {
    float *row = s->out + (s->low_y + y) * out_row + s->low_x * s->out_s;
    for (int i = 0; i < in_row; i++) row[i] = s->in[y * in_row + i];
  }
}

/* One tile of a convolution: PIXELS output pixels x quads * 4 output channels, their sums held in
 * registers. in[p] is the top left input of the window of pixel p. */
#define PIXELS 6
INLINE void conv_tile(const struct step *s, const float *const *in, float *const *out,
                             const f32x4 *w, const f32x4 *bias, int quads) {
  /* When the channels fill their room, a row of the window is one run of numbers. */
  int whole = s->in_c == s->in_s;
  int run = whole ? s->kernel_w * s->in_c : s->in_c;
  int runs = whole ? 1 : s->kernel_w;
  f32x4 sum[PIXELS][2];
  for (int p = 0; p < PIXELS; p++)
    for (int q = 0; q < quads; q++) sum[p][q] = bias[q];
  for (int ky = 0; ky < s->kernel_h; ky++)
    for (int r = 0; r < runs; r++) {
      int start = (ky * s->in_w + r) * s->in_s;
      for (int i = start; i < start + run; i++, w += quads)
        for (int p = 0; p < PIXELS; p++)
          for (int q = 0; q < quads; q++) sum[p][q] += w[q] * splat(in[p][i]);
    }
  for (int p = 0; p < PIXELS; p++)
    for (int q = 0; q < quads; q++) ((f32x4 *)out[p])[q] = sum[p][q];
}

/* float[in_h][in_w][in_s] -> float[out_h][out_w][out_s], no padding (a PAD step came before).
 * weights float[tile][kernel_h][kernel_w][in_c][8], bias float[out_s]. */
static void conv2d(const struct step *s) {
  int pixels = s->out_h * s->out_w;
  int window = s->kernel_h * s->kernel_w * s->in_c;
  const float *w = s->weights;
  for (int c = 0; c < s->out_s; c += 8) {
    int width = s->out_s - c >= 8 ? 8 : 4;
    for (int first = 0; first < pixels; first += PIXELS) {
      const float *in[PIXELS];
      float *out[PIXELS];
      for (int p = 0; p < PIXELS; p++) {
        /* The last tile may reach past the image: compute the last pixel again. */
        int pixel = first + p < pixels ? first + p : pixels - 1;
        int y = pixel / s->out_w, x = pixel % s->out_w;
        in[p] = s->in + (y * s->in_w + x) * s->stride * s->in_s;
        out[p] = s->out + pixel * s->out_s + c;
      }
      const f32x4 *tile = (const f32x4 *)w, *bias = (const f32x4 *)(s->bias + c);
      if (width == 8) conv_tile(s, in, out, tile, bias, 2);
      else conv_tile(s, in, out, tile, bias, 1);
    }
    w += window * width;
  }
}

/* One tile of a linear layer: quads * 4 outputs, with a sum of its own for each of 4 inputs, so
 * that the additions need not wait for one another. The number of inputs is a multiple of 4. */
INLINE void linear_tile(const float *in, int inputs, const f32x4 *w, const f32x4 *bias,
                               f32x4 *out, int quads) {
  f32x4 sum[4][2];
  for (int q = 0; q < quads; q++) {
    sum[0][q] = bias[q];
    sum[1][q] = sum[2][q] = sum[3][q] = splat(0.0f);
  }
  for (int i = 0; i < inputs; i += 4, w += 4 * quads)
    for (int j = 0; j < 4; j++)
      for (int q = 0; q < quads; q++) sum[j][q] += w[j * quads + q] * splat(in[i + j]);
  for (int q = 0; q < quads; q++) out[q] = (sum[0][q] + sum[1][q]) + (sum[2][q] + sum[3][q]);
}

/* float[in_h * in_w * in_s] -> float[out_s]. weights float[tile][inputs][8], bias float[out_s];
 * pack.ts has put the weights in the order of the channels-last input. */
static void linear(const struct step *s) {
  int inputs = s->in_h * s->in_w * s->in_s;
  const float *w = s->weights;
  for (int c = 0; c < s->out_s; c += 8) {
    int width = s->out_s - c >= 8 ? 8 : 4;
    const f32x4 *bias = (const f32x4 *)(s->bias + c);
    f32x4 *out = (f32x4 *)(s->out + c);
    if (width == 8) linear_tile(s->in, inputs, (const f32x4 *)w, bias, out, 2);
    else linear_tile(s->in, inputs, (const f32x4 *)w, bias, out, 1);
    w += inputs * width;
  }
}

/* float[h][w][s] -> the same: x * scale[c] + shift[c], a batch norm with no convolution before. */
static void scale_shift(const struct step *s) {
  const f32x4 *in = (const f32x4 *)s->in;
  const f32x4 *scale = (const f32x4 *)s->weights, *shift = (const f32x4 *)s->bias;
  f32x4 *out = (f32x4 *)s->out;
  int quads = s->out_s / 4;
  for (int pixel = 0; pixel < s->out_h * s->out_w; pixel++)
    for (int q = 0; q < quads; q++) *out++ = *in++ * scale[q] + shift[q];
}

/* float[h][w][s] -> the same: max(x, 0). */
static void relu(const struct step *s) {
  const f32x4 *in = (const f32x4 *)s->in;
  f32x4 *out = (f32x4 *)s->out;
  int quads = s->out_h * s->out_w * s->out_s / 4;
  for (int i = 0; i < quads; i++) out[i] = larger(in[i], splat(0.0f));
}

/* float[h][w][s] -> the same: x / 2 * (1 + erf(x / sqrt 2)). */
static void gelu(const struct step *s) {
  const f32x4 *in = (const f32x4 *)s->in;
  f32x4 *out = (f32x4 *)s->out;
  int quads = s->out_h * s->out_w * s->out_s / 4;
  for (int i = 0; i < quads; i++)
    out[i] = in[i] * 0.5f * (erf4(in[i] * 0.707106781f) + 1.0f);
}

/* float[in_h][in_w][s] -> float[out_h][out_w][s]: the largest of each window. */
static void maxpool2d(const struct step *s) {
  int quads = s->in_s / 4;
  f32x4 *out = (f32x4 *)s->out;
  for (int y = 0; y < s->out_h; y++)
    for (int x = 0; x < s->out_w; x++)
      for (int q = 0; q < quads; q++) {
        const f32x4 *in = (const f32x4 *)s->in + (y * s->in_w + x) * s->stride * quads + q;
        f32x4 largest = *in;
        for (int ky = 0; ky < s->kernel_h; ky++)
          for (int kx = 0; kx < s->kernel_w; kx++)
            largest = larger(largest, in[(ky * s->in_w + kx) * quads]);
        *out++ = largest;
      }
}

/* float[h][w][s] -> float[c * h * w], channels first as PyTorch flattens: probabilities, their sum
 * is 1. */
static void softmax(const struct step *s, float *out) {
  int pixels = s->in_h * s->in_w, outputs = s->in_c * pixels;
  float largest = s->in[0], total = 0.0f;
  for (int p = 0; p < pixels; p++)
    for (int c = 0; c < s->in_c; c++) {
      float x = s->in[p * s->in_s + c];
      if (x > largest) largest = x;
      out[c * pixels + p] = x;
    }
  for (int i = 0; i < outputs; i++) total += out[i] = exp1(out[i] - largest);
  for (int i = 0; i < outputs; i++) out[i] /= total;
}

/* images u8[n][784] -> probabilities float[n][labels]. */
__attribute__((export_name("classify"))) void classify(const struct step *steps, int count,
                                                       const u8 *images, int n,
                                                       float *probabilities, int labels) {
  for (int i = 0; i < n; i++)
    for (const struct step *s = steps; s < steps + count; s++) switch (s->op) {
        case INPUT: input(s, images + i * IMAGE_PIXELS); break;
        case PAD: pad(s); break;
        case CONV2D: conv2d(s); break;
        case SCALE_SHIFT: scale_shift(s); break;
        case RELU: relu(s); break;
        case GELU: gelu(s); break;
        case MAXPOOL2D: maxpool2d(s); break;
        case LINEAR: linear(s); break;
        case SOFTMAX: softmax(s, probabilities + i * labels); break;
      }
}
