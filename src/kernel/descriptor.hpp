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
    double to_unit = 1 / (L::reach * rms_radius);
    auto spread = [](double value, int bins, int& low, double& fraction) {
        double at = value * bins - 0.5;
        at = at < 0 ? 0 : (at > bins - 1 ? bins - 1 : at);
        low = static_cast<int>(at);
        if (low > bins - 2) low = bins - 2;
        fraction = at - low;
    };
    auto level = [](double cosine) {
        // Bins of equal angle: |cos| of 22.5, 45 and 67.5 degrees.
        double c = std::fabs(cosine);
        return c > 0.9238795325112867 ? 0 : (c > 0.7071067811865476 ? 1 : (c > 0.3826834323650898 ? 2 : 3));
    };
    for (size_t i = 0; i < count; ++i) {
        Vec3 pi{p[3 * i], p[3 * i + 1], p[3 * i + 2]}, ni{n[3 * i], n[3 * i + 1], n[3 * i + 2]};
        for (size_t j = 0; j < i; ++j) {
            Vec3 pj{p[3 * j], p[3 * j + 1], p[3 * j + 2]}, nj{n[3 * j], n[3 * j + 1], n[3 * j + 2]};
            Vec3 line = pi - pj;
            double d = norm(line);
            double inverse = d > 0 ? 1 / d : 0;
            int low;
            double f;
            spread(d * to_unit, L::d2_bins, low, f);
            d2[low] += 1 - f;
            d2[low + 1] += f;
            int ai = level(dot(ni, line) * inverse), aj = level(dot(nj, line) * inverse), nn = level(dot(ni, nj));
            spread(d * to_unit, L::ppf_distances, low, f);
            int cell = pair_index[ai][aj] * L::angles + nn;
            ppf[low * L::angle_pairs * L::angles + cell] += 1 - f;
            ppf[(low + 1) * L::angle_pairs * L::angles + cell] += f;
        }
    }
}

}  // namespace partwatch
