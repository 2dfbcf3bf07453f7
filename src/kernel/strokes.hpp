// Strokes of a nozzle in one layer, as a field: how deep each cell's middle lies within the nearest of them.
#pragma once

#include "common.hpp"

namespace partwatch {

// field: (ny, nx), row by row, holding at first what is farther than `reach` from all. segments: x0, y0, x1, y1 in
// cells from the middle of the first cell; half: half a width in cells. Each value becomes the largest of half -
// distance over all segments.
inline void lay_strokes(float* field, size_t nx, size_t ny, const double* segments, const double* half, size_t count,
                        double reach) {
    for (size_t s = 0; s < count; ++s) {
        double x0 = segments[4 * s], y0 = segments[4 * s + 1], x1 = segments[4 * s + 2], y1 = segments[4 * s + 3];
        double dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy, wide = half[s] + reach;
        double low = std::max(std::ceil(std::min(y0, y1) - wide), 0.0);
        double high = std::min(std::floor(std::max(y0, y1) + wide), static_cast<double>(ny) - 1);
        for (double y = low; y <= high; ++y) {
            // The share of the segment that comes near enough to this row.
            double t0 = 0, t1 = 1;
            if (std::fabs(dy) > 1e-12) {
                t0 = (y - wide - y0) / dy, t1 = (y + wide - y0) / dy;
                if (t0 > t1) std::swap(t0, t1);
                t0 = std::clamp(t0, 0.0, 1.0), t1 = std::clamp(t1, 0.0, 1.0);
            }
            double xa = x0 + t0 * dx, xb = x0 + t1 * dx;
            double left = std::max(std::ceil(std::min(xa, xb) - wide), 0.0);
            double right = std::min(std::floor(std::max(xa, xb) + wide), static_cast<double>(nx) - 1);
            float* row = field + static_cast<size_t>(y) * nx;
            for (double x = left; x <= right; ++x) {
                double px = x - x0, py = y - y0;
                double t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0;
                float depth = static_cast<float>(half[s] - std::hypot(px - t * dx, py - t * dy));
                float& cell = row[static_cast<size_t>(x)];
                if (depth > cell && depth >= -reach) cell = depth;
            }
        }
    }
}

}  // namespace partwatch
