// Histograms over all pairs of points: the fingerprint's global part.
#pragma once

#include "common.hpp"

namespace partwatch {

// D2 (Osada et al. 2002): distances of pairs. PPF (Wahl et al. 2003, Drost et al. 2010): distance, and the
// angles between each normal and the line, and between the normals; unsigned, so winding does not matter.
struct PairLayout {
    static constexpr int d2_bins = 64;
    static constexpr int ppf_distances = 10;
    static constexpr int angles = 4;
    static constexpr int angle_pairs = angles * (angles + 1) / 2;
    static constexpr int ppf_bins = ppf_distances * angle_pairs * angles;
    // In root-mean-square radii of the points; hardly any pair of a body lies farther apart.
    static constexpr double reach = 3.6;
};

inline void pair_histograms(const double* p, const double* n, size_t count, double rms_radius, double* d2, double* ppf) {
    using L = PairLayout;
    std::fill(d2, d2 + L::d2_bins, 0.0);
    std::fill(ppf, ppf + L::ppf_bins, 0.0);
    int pair_index[L::angles][L::angles];
    for (int i = 0, k = 0; i < L::angles; ++i)
        for (int j = i; j < L::angles; ++j) pair_index[i][j] = pair_index[j][i] = k++;
    // One coordinate an array, in single precision and in two passes: so the first of them is vectorised.
    std::vector<float> x[3], m[3], at(count);
    std::vector<int> cell(count);
    for (int k = 0; k < 3; ++k) {
        x[k].resize(count);
        m[k].resize(count);
        for (size_t i = 0; i < count; ++i) {
            x[k][i] = static_cast<float>(p[3 * i + k] - p[k]);
            m[k][i] = static_cast<float>(n[3 * i + k]);
        }
    }
    const float to_unit = static_cast<float>(1 / (L::reach * rms_radius));
    // Bins of equal angle: |cos| below that of 22.5, 45 and 67.5 degrees; squared, to spare the root.
    auto level = [](float cosine2, float scale2) {
        return (cosine2 <= 0.85355339f * scale2) + (cosine2 <= 0.5f * scale2) + (cosine2 <= 0.14644661f * scale2);
    };
    constexpr int cells = L::angle_pairs * L::angles;
    for (size_t i = 1; i < count; ++i) {
        float px = x[0][i], py = x[1][i], pz = x[2][i], nx = m[0][i], ny = m[1][i], nz = m[2][i];
        for (size_t j = 0; j < i; ++j) {
            float dx = px - x[0][j], dy = py - x[1][j], dz = pz - x[2][j];
            float length2 = dx * dx + dy * dy + dz * dz;
            float a = nx * dx + ny * dy + nz * dz, b = m[0][j] * dx + m[1][j] * dy + m[2][j] * dz;
            float c = nx * m[0][j] + ny * m[1][j] + nz * m[2][j];
            at[j] = std::sqrt(length2) * to_unit;
            cell[j] = level(a * a, length2) << 4 | level(b * b, length2) << 2 | level(c * c, 1.0f);
        }
        for (size_t j = 0; j < i; ++j) {
            auto spread = [&](int bins, double* histogram, int stride) {
                float where = at[j] * bins - 0.5f;
                // What is no number, as on a body of next to no size, goes into the first bin.
                where = where > 0 ? std::min(where, bins - 1.0f) : 0.0f;
                int low = static_cast<int>(where);
                if (low > bins - 2) low = bins - 2;
                double share = where - low;
                histogram[low * stride] += 1 - share;
                histogram[(low + 1) * stride] += share;
            };
            spread(L::d2_bins, d2, 1);
            int code = cell[j];
            spread(L::ppf_distances, ppf + pair_index[code >> 4][code >> 2 & 3] * L::angles + (code & 3), cells);
        }
    }
}

}  // namespace partwatch
