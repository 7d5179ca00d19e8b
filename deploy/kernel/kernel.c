/* The forward pass of a mnist-nb network: 784 bytes in, probabilities out.
 *
 * classify() runs the steps that network.c has laid out. It allocates nothing. kernel.h describes the
 * layout of activations and weights.
 *
 * Plain 128-bit SIMD, no relaxed instructions: the same bits on every machine. And sums that do not
 * drift: long ones are cut into parts of their own, and from the logits on all is double.
 */
#include "kernel.h"

/* Into each caller, where `quads` is a number: only then do the sums stay in registers. */
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
/* Compute x here. The compiler would sort the sums of an unrolled loop one after the other, and then
 * more numbers wait for their turn than there are registers. */
#ifdef __wasm_simd128__
#define HERE(x) __asm__ volatile("" : "+r"(x))
#else
#define HERE(x) /* the build that benchmarks/kernel.py compares with */
#endif

static f32x4 splat(float x) { return (f32x4){x, x, x, x}; }
static f32x4 larger(f32x4 a, f32x4 b) { return a < b ? b : a; }
static f32x4 smaller(f32x4 a, f32x4 b) { return b < a ? b : a; }

/* u8[784] -> float[784][S]: the table holds what enters for each byte. */
static void input(const struct step *s, const u8 *image) {
  for (int i = 0; i < IMAGE_PIXELS; i++)
    for (int c = 0; c < s->out.s; c++)
      s->to[i * s->out.s + c] = c == 0 ? s->weights[image[i]] : 0.0f;
}

/* float[in.h][in.w][S] -> float[out.h][out.w][S] with a border of zeros, for padding "same". */
static void pad(const struct step *s) {
  int in_row = s->in.w * s->in.s, out_row = s->out.w * s->out.s;
  for (int i = 0; i < s->out.h * out_row; i++) s->to[i] = 0.0f;
  for (int y = 0; y < s->in.h; y++) {
    float *row = s->to + (s->low + y) * out_row + s->low * s->out.s;
    for (int i = 0; i < in_row; i++) row[i] = s->from[y * in_row + i];
  }
}

#include "convolution.h"

/* float[h][w][s] -> the same: x * scale[c] + shift[c], a batch norm with no convolution before. */
static void scale_shift(const struct step *s) {
  const f32x4 *scale = (const f32x4 *)s->weights, *shift = (const f32x4 *)s->bias;
  f32x4 *x = (f32x4 *)s->to;
  for (int pixel = 0; pixel < s->out.h * s->out.w; pixel++)
    for (int q = 0; q < s->out.s / 4; q++, x++) *x = *x * scale[q] + shift[q];
}

/* float[h][w][s] -> the same: max(x, 0). */
static void relu(const struct step *s) {
  f32x4 *x = (f32x4 *)s->to;
  for (int i = 0; i < s->out.h * s->out.w * s->out.s / 4; i++) x[i] = larger(x[i], splat(0.0f));
}

/* float[h][w][s] -> the same: max(x, slope * x). */
static void leaky_relu(const struct step *s) {
  f32x4 *x = (f32x4 *)s->to;
  for (int i = 0; i < s->out.h * s->out.w * s->out.s / 4; i++) x[i] = larger(x[i], x[i] * s->slope);
}

/* 1 / (1 + exp(-x)), to 1.5e-7, with exp(t) as 2^n e^r, |r| <= ln(2) / 2, e^r by its Taylor series.
 * NaN stays NaN. */
INLINE f32x4 logistic(f32x4 x) {
  f32x4 t = smaller(larger(-x, splat(-87.0f)), splat(87.0f));
  f32x4 n = __builtin_elementwise_roundeven(t * 1.44269504f);
  f32x4 r = t - n * 0.693359375f + n * 2.12194440e-4f; /* ln 2 in two parts */
  f32x4 e = splat(1.0f / 720);
  UNROLL for (int k = 5; k >= 0; k--) {
    static const float coefficients[] = {1, 1, 1.0f / 2, 1.0f / 6, 1.0f / 24, 1.0f / 120};
    e = e * r + coefficients[k];
  }
  i32x4 two_to_n = (__builtin_convertvector(n, i32x4) + 127) << 23;
  return 1.0f / (1.0f + e * (f32x4)two_to_n);
}

/* float[h][w][s] -> the same. tanh(x) = 2 sigmoid(2 x) - 1. */
static void sigmoid(const struct step *s) {
  f32x4 *x = (f32x4 *)s->to;
  for (int i = 0; i < s->out.h * s->out.w * s->out.s / 4; i++)
    x[i] = s->op == TANH ? 2.0f * logistic(2.0f * x[i]) - 1.0f : logistic(x[i]);
}

/* x / 2 * (1 + erf(x / sqrt 2)) = max(x, 0) - |x| tail(|x|), where tail(t) is the share of a normal
 * distribution above t. Its eighth root is nearly a polynomial: fitted for t <= 5.5 to the least
 * error of gelu it leaves 1.1e-7, and with float32 rounding 2.5e-7. Beyond 5.5 gelu is max(x, 0) to
 * 1.1e-7. As in Abramowitz and Stegun's 26.2.19, with the root instead of its reciprocal.
 * Not const: a number in memory is read faster than one in the code is put into a register. */
float root_of_tail[8] = {3.2383047e-06f,  -3.5692012e-05f, -3.9932676e-05f, 1.6303987e-03f,
                         -7.9255425e-04f, -3.1866458e-02f, -9.1472081e-02f, 9.1700516e-01f};

/* float[h][w][s] -> the same. Each number is a long chain of operations, so four quads go side by
 * side; the last four may reach past the activation, into room that finish() left. */
#define EACH UNROLL for (int j = 0; j < 4; j++)
static void gelu(const struct step *s) {
  f32x4 *x = (f32x4 *)s->to;
  for (int i = 0; i < s->out.h * s->out.w * s->out.s / 4; i += 4, x += 4) {
    f32x4 t[4], root[4];
    EACH { t[j] = smaller(__builtin_elementwise_abs(x[j]), splat(5.5f)); HERE(t[j]); }
    EACH root[j] = splat(root_of_tail[0]);
    UNROLL for (int k = 1; k < 8; k++) {
      f32x4 coefficient = splat(root_of_tail[k]);
      HERE(coefficient);
      EACH { root[j] = root[j] * t[j] + coefficient; HERE(root[j]); }
    }
    UNROLL for (int k = 0; k < 3; k++) EACH { root[j] *= root[j]; HERE(root[j]); }
    EACH x[j] = larger(x[j], splat(0.0f)) - t[j] * root[j];
  }
}

/* float[in.h][in.w][s] -> float[out.h][out.w][s]: the largest of each window, or the sum divided by
 * its size. Of a window only what is inside the input is looked at: padding is no largest, and 0. */
static void pool(const struct step *s) {
  int quads = s->in.s / 4;
  f32x4 *out = (f32x4 *)s->to, size = splat(s->kernel * s->kernel);
  for (int y = -s->low; y < s->out.h * s->stride - s->low; y += s->stride)
    for (int x = -s->low; x < s->out.w * s->stride - s->low; x += s->stride) {
      int top = y < 0 ? 0 : y, bottom = y + s->kernel < s->in.h ? y + s->kernel : s->in.h;
      int left = x < 0 ? 0 : x, right = x + s->kernel < s->in.w ? x + s->kernel : s->in.w;
      for (int q = 0; q < quads; q++) {
        const f32x4 *in = (const f32x4 *)s->from + q;
        f32x4 largest = in[(top * s->in.w + left) * quads], sum = splat(0.0f);
        for (int row = top; row < bottom; row++)
          for (int column = left; column < right; column++) {
            f32x4 value = in[(row * s->in.w + column) * quads];
            largest = larger(largest, value);
            sum += value;
          }
        *out++ = s->op == MAXPOOL2D ? largest : sum / size;
      }
    }
}

/* 4 pixels of 4 channels -> 4 channels of 4 pixels. */
INLINE void transpose(f32x4 *x) {
  f32x4 a = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5);
  f32x4 b = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5);
  f32x4 c = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7);
  f32x4 d = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);
  x[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  x[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  x[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  x[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

/* float[h][w][in.s] -> float[out.s], channels first, as PyTorch flattens. */
static void flatten(const struct step *s) {
  int pixels = s->in.h * s->in.w, blocks = pixels & ~3, quads = s->in.c & ~3;
  for (int c = 0; c < quads; c += 4)
    for (int p = 0; p < blocks; p += 4) {
      f32x4 x[4];
      UNROLL for (int i = 0; i < 4; i++) x[i] = *(f32x4 *)(s->from + (p + i) * s->in.s + c);
      transpose(x);
      UNROLL for (int i = 0; i < 4; i++) *(unaligned *)(s->to + (c + i) * pixels + p) = x[i];
    }
  for (int c = 0; c < s->in.c; c++) /* what is left of blocks of 4 x 4 */
    for (int p = c < quads ? blocks : 0; p < pixels; p++)
      s->to[c * pixels + p] = s->from[p * s->in.s + c];
  for (int i = s->out.c; i < s->out.s; i++) s->to[i] = 0.0f;
}

/* sum[r][m] += 4 products of output r with image m, the j-th quads of each. */
INLINE void dot(f32x4 sum[8][IMAGES], const f32x4 **w, const f32x4 **in, int j, int rows,
                int images) {
  f32x4 x[IMAGES];
  for (int m = 0; m < images; m++) x[m] = in[m][j];
  for (int r = 0; r < rows; r++) {
    f32x4 weight = w[r][j];
    for (int m = 0; m < images; m++) {
      sum[r][m] += weight * x[m];
      HERE(sum[r][m]);
    }
  }
}

/* One tile of linear: `rows` outputs of `images` images. Each has 4 sums, one a lane, of at most
 * BLOCK products before they join the total. */
#define BLOCK 64
INLINE void linear_tile(const struct step *s, int first, int rows, int images) {
  int quads = s->in.s / 4, outputs = s->out.c;
  const f32x4 *w[8], *in[IMAGES];
  f32x4 sum[8][IMAGES], total[8][IMAGES];
  for (int m = 0; m < images; m++) in[m] = (const f32x4 *)(s->from + m * activation);
  for (int r = 0; r < rows; r++) {
    int row = first + r < outputs ? first + r : outputs - 1; /* the last one again */
    w[r] = (const f32x4 *)s->weights + row * quads;
    for (int m = 0; m < images; m++) total[r][m] = splat(0.0f);
  }
  for (int i = 0; i < quads;) {
    int end = i + BLOCK < quads ? i + BLOCK : quads;
    for (int r = 0; r < rows; r++)
      for (int m = 0; m < images; m++) sum[r][m] = splat(0.0f);
    for (; i + 4 <= end; i += 4) {
      UNROLL for (int j = 0; j < 4; j++) dot(sum, w, in, j, rows, images);
      for (int r = 0; r < rows; r++) w[r] += 4;
      for (int m = 0; m < images; m++) in[m] += 4;
    }
    for (; i < end; i++) {
      dot(sum, w, in, 0, rows, images);
      for (int r = 0; r < rows; r++) w[r]++;
      for (int m = 0; m < images; m++) in[m]++;
    }
    for (int r = 0; r < rows; r++)
      for (int m = 0; m < images; m++) total[r][m] += sum[r][m];
  }
  for (int r = 0; r < rows && first + r < outputs; r++)
    for (int m = 0; m < images; m++) {
      f32x4 t = total[r][m];
      float bias = s->bias ? s->bias[first + r] : 0.0f;
      s->to[m * activation + first + r] = (t[0] + t[1]) + (t[2] + t[3]) + bias;
    }
}

/* float[in.s] -> float[out.s], for one image or IMAGES. weights float[out.c][in.s], bias
 * float[out.c] or null. Both ways add up in the same order, to the same bits. */
static void linear(const struct step *s, int images) {
  if (images == IMAGES)
    for (int first = 0; first < s->out.c; first += 4) linear_tile(s, first, 4, IMAGES);
  else
    for (int first = 0; first < s->out.c; first += 8) linear_tile(s, first, 8, 1);
  for (int m = 0; m < images; m++)
    for (int o = s->out.c; o < s->out.s; o++) s->to[m * activation + o] = 0.0f;
}

/* float[in.s] -> double[out.c], the last linear layer: a logit may be 25, and rounding it to
 * float32 would show in the probabilities. What float32 cannot hold is infinite, as in numpy. */
static void logits(const struct step *s) {
  double *out = (double *)s->to;
  for (int o = 0; o < s->out.c; o++) {
    const float *w = s->weights + o * s->in.s;
    double sum = s->bias ? s->bias[o] : 0.0;
    for (int i = 0; i < s->in.c; i++) sum += (double)w[i] * s->from[i];
    float rounded = sum;
    out[o] = rounded - rounded == 0.0f ? sum : rounded;
  }
}

/* float[c] -> double[c], for a network that does not end in a linear layer. */
static void widen(const struct step *s) {
  for (int i = 0; i < s->in.c; i++) ((double *)s->to)[i] = s->from[i];
}

/* exp(x) for x <= 0 as 2^n e^r with |r| <= ln(2) / 2, e^r by its Taylor series: within 1e-12. */
static double exp1(double x) {
  if (!(x > -700.0)) return x == x ? 0.0 : x; /* too small for a float; NaN stays NaN */
  int n = (int)(x * 1.4426950408889634 - 0.5);
  double r = x - n * 0.6931471805599453, sum = 1.0;
  for (int k = 10; k > 0; k--) sum = 1.0 + r * sum / k;
  union { long long bits; double value; } two_to_n = {(n + 1023LL) << 52};
  return sum * two_to_n.value;
}

/* double[c] -> float[c]: probabilities, their sum is 1. */
static void softmax(const struct step *s, float *out) {
  double *e = (double *)s->from, largest = e[0], total = 0.0;
  for (int i = 1; i < s->in.c; i++)
    if (e[i] > largest) largest = e[i];
  for (int i = 0; i < s->in.c; i++) total += e[i] = exp1(e[i] - largest);
  for (int i = 0; i < s->in.c; i++) out[i] = e[i] / total;
}

static void run(const struct step *s, const u8 *image, float *probabilities) {
  switch (s->op) {
    case INPUT: input(s, image); break;
    case PAD: pad(s); break;
    case CONV2D: conv2d(s); break;
    case CONV3X3: conv3x3(s); break;
    case DEPTHWISE: depthwise(s); break;
    case SCALE_SHIFT: scale_shift(s); break;
    case RELU: relu(s); break;
    case LEAKY_RELU: leaky_relu(s); break;
    case GELU: gelu(s); break;
    case TANH: case SIGMOID: sigmoid(s); break;
    case MAXPOOL2D: case AVGPOOL2D: pool(s); break;
    case FLATTEN: flatten(s); break;
    case LINEAR: linear(s, 1); break;
    case LOGITS: logits(s); break;
    case WIDEN: widen(s); break;
    case SOFTMAX: softmax(s, probabilities); break;
  }
}

/* images u8[n][784] -> probabilities float[n][labels]. IMAGES go through the network together, so
 * that the weights of a linear layer, most of all weights, are read once for all of them. */
__attribute__((export_name("classify")))
void classify(const u8 *images, int n, float *probabilities) {
  int labels = steps[step_count - 1].out.c;
  for (int many; n > 0; n -= many) {
    many = n < IMAGES ? 1 : IMAGES;
    for (const struct step *s = steps; s < steps + step_count; s++)
      if (s->op == LINEAR) linear(s, many);
      else
        for (int m = 0; m < many; m++) {
          struct step one = *s;
          one.from += m * activation;
          one.to += m * activation;
          run(&one, images + m * IMAGE_PIXELS, probabilities + m * labels);
        }
    images += many * IMAGE_PIXELS;
    probabilities += many * labels;
  }
}

/* What step `last` gives for one image, float[c][h][w]; in the buffer that it leaves free. Steps
 * before `next` have run: a trace of all goes through the network once. */
__attribute__((export_name("trace")))
const float *trace(const u8 *image, int next, int last) {
  const struct step *s = &steps[last];
  float *first = (float *)steps[0].from, *free = s->to == first ? steps[0].to : first, *to = free;
  if (s->op == SOFTMAX) to = free = s->to;
  for (int i = next; i <= last; i++) run(&steps[i], image, free);
  int wide = s->op == LOGITS || s->op == WIDEN, pixels = s->out.h * s->out.w;
  for (int c = 0; c < s->out.c && s->op != SOFTMAX; c++)
    for (int p = 0; p < pixels; p++)
      *to++ = wide ? ((double *)s->to)[c] : s->to[p * s->out.s + c];
  return free;
}
