// Local features: where a surface is anything but flat, and what it looks like around there, at one absolute size.
#pragma once

#include <algorithm>
#include <vector>

#include "common.hpp"
#include "sampling.hpp"

namespace partwatch {

struct LocalLayout {
    // A spin image (Johnson and Hebert 1999): area by distance from the normal's axis and by height along it.
    static constexpr int rings = 5, heights = 8;
    // Area by distance from the point and by the angle between the normals.
    static constexpr int shells = 3, turns = 5;
    static constexpr int size = rings * heights + shells * turns;
};

struct LocalFeatures {
    std::vector<int32_t> origin;   // the sample that each keypoint is
    std::vector<Vec3> normals;     // of its neighbourhood, outward
    std::vector<float> saliency;   // surface variation (Pauly and others 2002) of its neighbourhood
    std::vector<float> descriptor; // LocalLayout::size numbers each
};

// Samples must be even by area. `area`: of one sample. `radius`: of what a descriptor sees. Keypoints are local
// maxima of the surface variation, at least `apart` from each other, the most salient first, at most `most`.
inline LocalFeatures local_features(const std::vector<Vec3>& points, const std::vector<Vec3>& facing, double area,
                                    double radius, double apart, double least, size_t most) {
    LocalFeatures out;
    const size_t n = points.size();
    const double near = radius / 3;
    std::vector<Vec3> smooth(n);
    std::vector<float> salient(n);
    CellGrid close(points.data(), n, near);
    close.thin(2048);
    for (size_t i = 0; i < n; ++i) {
        Vec3 sum, turned;
        double xx = 0, xy = 0, xz = 0, yy = 0, yz = 0, zz = 0;
        int count = 0;
        close.within(points[i], [&](int32_t j, double) {
            // The far side of a thin wall is no neighbour.
            if (dot(facing[j], facing[i]) < -0.5) return;
            Vec3 d = points[j] - points[i];
            sum = sum + d;
            turned = turned + facing[j];
            xx += d.x * d.x, xy += d.x * d.y, xz += d.x * d.z, yy += d.y * d.y, yz += d.y * d.z, zz += d.z * d.z;
            ++count;
        });
        double c = std::max(count, 1), length = norm(turned);
        Vec3 m = sum * (1 / c);
        double a[3][3] = {{xx / c - m.x * m.x, xy / c - m.x * m.y, xz / c - m.x * m.z},
                          {xy / c - m.x * m.y, yy / c - m.y * m.y, yz / c - m.y * m.z},
                          {xz / c - m.x * m.z, yz / c - m.y * m.z, zz / c - m.z * m.z}};
        double values[3], V[3][3];
        eigen_symmetric(a, values, V);
        double total = values[0] + values[1] + values[2];
        salient[i] = count >= 6 && total > 0 ? static_cast<float>(std::max(values[0], 0.0) / total) : 0.0f;
        smooth[i] = length > 0 ? turned * (1 / length) : facing[i];
    }
    std::vector<std::pair<float, int32_t>> order;
    for (size_t i = 0; i < n; ++i)
        if (salient[i] >= least) order.push_back({-salient[i], static_cast<int32_t>(i)});
    std::sort(order.begin(), order.end());
    CellGrid spread(points.data(), n, apart);
    std::vector<uint8_t> taken(n, 0);
    for (auto [negative, i] : order) {
        if (out.origin.size() == most) break;
        if (taken[i]) continue;
        spread.within(points[i], [&](int32_t j, double) {
            if (dot(smooth[j], smooth[i]) > 0) taken[j] = 1;
        });
        out.origin.push_back(i);
        out.normals.push_back(smooth[i]);
        out.saliency.push_back(-negative);
    }
    using L = LocalLayout;
    out.descriptor.assign(out.origin.size() * L::size, 0.0f);
    CellGrid around(points.data(), n, radius);
    around.thin(8192);
    const double one = area / (radius * radius);
    for (size_t k = 0; k < out.origin.size(); ++k) {
        float* spin = out.descriptor.data() + k * L::size;
        float* bent = spin + L::rings * L::heights;
        Vec3 p = points[out.origin[k]], axis = out.normals[k];
        around.within(p, [&](int32_t j, double d2) {
            Vec3 d = points[j] - p;
            double share = one * around.stands_for(j);
            double height = dot(d, axis), ring = std::sqrt(std::max(d2 - height * height, 0.0)) / radius;
            auto split = [](double at, int bins, int& low, double& upper) {
                at = std::clamp(at - 0.5, 0.0, bins - 1.0);
                low = std::min(static_cast<int>(at), bins - 2);
                upper = at - low;
            };
            int r, h, s, t;
            double ur, uh, us, ut;
            split(ring * L::rings, L::rings, r, ur);
            split((height / radius + 1) / 2 * L::heights, L::heights, h, uh);
            auto add = [&](float* to, int wide, int a, double ua, int b, double ub) {
                to[a * wide + b] += static_cast<float>(share * (1 - ua) * (1 - ub));
                to[a * wide + b + 1] += static_cast<float>(share * (1 - ua) * ub);
                to[(a + 1) * wide + b] += static_cast<float>(share * ua * (1 - ub));
                to[(a + 1) * wide + b + 1] += static_cast<float>(share * ua * ub);
            };
            add(spin, L::heights, r, ur, h, uh);
            split(std::sqrt(d2) / radius * L::shells, L::shells, s, us);
            split((dot(smooth[j], axis) + 1) / 2 * L::turns, L::turns, t, ut);
            add(bent, L::turns, s, us, t, ut);
        });
        for (int b = 0; b < L::size; ++b) spin[b] = std::sqrt(spin[b]);
    }
    return out;
}

}  // namespace partwatch
