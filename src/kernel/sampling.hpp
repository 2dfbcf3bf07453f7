// Points on a surface: even by area, thinned to even spacing, with normals of their neighbourhood.
#pragma once

#include <algorithm>

#include "common.hpp"

namespace partwatch {

// Systematic sampling by area, barycentric coordinates from the R2 sequence (Roberts 2018): no random
// numbers, so the same mesh gives the same points. Returns the total area.
inline double sample_surface(const double* v, const int32_t* tri, size_t triangles, size_t count, double* points,
                             double* normals, int32_t* origin) {
    std::vector<double> cumulative(triangles);
    double total = 0;
    auto vertex = [&](size_t t, int k) {
        const double* p = v + 3 * static_cast<size_t>(tri[3 * t + k]);
        return Vec3{p[0], p[1], p[2]};
    };
    for (size_t t = 0; t < triangles; ++t) {
        Vec3 a = vertex(t, 0);
        total += 0.5 * norm(cross(vertex(t, 1) - a, vertex(t, 2) - a));
        cumulative[t] = total;
    }
    size_t t = 0;
    for (size_t i = 0; i < count; ++i) {
        double target = total * (static_cast<double>(i) + 0.5) / static_cast<double>(count);
        while (t + 1 < triangles && cumulative[t] < target) ++t;
        double u = std::fmod(0.5 + 0.7548776662466927 * static_cast<double>(i + 1), 1.0);
        double w = std::fmod(0.5 + 0.5698402909980532 * static_cast<double>(i + 1), 1.0);
        if (u + w > 1) {
            u = 1 - u;
            w = 1 - w;
        }
        Vec3 a = vertex(t, 0), e1 = vertex(t, 1) - a, e2 = vertex(t, 2) - a;
        Vec3 p = a + e1 * u + e2 * w, n = cross(e1, e2);
        double length = norm(n);
        if (length > 0) n = n * (1 / length);
        points[3 * i] = p.x, points[3 * i + 1] = p.y, points[3 * i + 2] = p.z;
        normals[3 * i] = n.x, normals[3 * i + 1] = n.y, normals[3 * i + 2] = n.z;
        origin[i] = static_cast<int32_t>(t);
    }
    return total;
}

// Farthest-point thinning: each next point is the one farthest from those taken. Evens out the density
// that vertex noise and doubled surfaces put into area-weighted samples.
inline void farthest_points(const double* points, size_t count, size_t wanted, int32_t* taken) {
    std::vector<float> x(count), y(count), z(count), nearest(count, std::numeric_limits<float>::max());
    for (size_t i = 0; i < count; ++i) {
        x[i] = static_cast<float>(points[3 * i]);
        y[i] = static_cast<float>(points[3 * i + 1]);
        z[i] = static_cast<float>(points[3 * i + 2]);
    }
    size_t current = 0;
    for (size_t k = 0; k < wanted; ++k) {
        taken[k] = static_cast<int32_t>(current);
        float cx = x[current], cy = y[current], cz = z[current];
        // Eight running maxima, so that the compiler may use vector registers and the result stays the same.
        constexpr size_t lanes = 8;
        float best[lanes] = {-1, -1, -1, -1, -1, -1, -1, -1};
        size_t i = 0;
        for (; i + lanes <= count; i += lanes)
            for (size_t l = 0; l < lanes; ++l) {
                float dx = x[i + l] - cx, dy = y[i + l] - cy, dz = z[i + l] - cz;
                float d = dx * dx + dy * dy + dz * dz;
                d = d < nearest[i + l] ? d : nearest[i + l];
                nearest[i + l] = d;
                best[l] = d > best[l] ? d : best[l];
            }
        for (; i < count; ++i) {
            float dx = x[i] - cx, dy = y[i] - cy, dz = z[i] - cz;
            nearest[i] = std::min(nearest[i], dx * dx + dy * dy + dz * dz);
            best[0] = std::max(best[0], nearest[i]);
        }
        float top = *std::max_element(best, best + lanes);
        current = std::find(nearest.begin(), nearest.end(), top) - nearest.begin();
    }
}

// One sweep of Jacobi rotations over a symmetric matrix: A nears its eigenvalues, V turns with it.
template <int N> void jacobi_sweep(double (&a)[N][N], double (&V)[N][N]) {
    for (int p = 0; p < N - 1; ++p)
        for (int q = p + 1; q < N; ++q) {
            if (a[p][q] == 0) continue;
            double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
            double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
            double c = 1 / std::sqrt(t * t + 1), s = t * c;
            for (int k = 0; k < N; ++k) {
                double akp = a[k][p], akq = a[k][q];
                a[k][p] = c * akp - s * akq;
                a[k][q] = s * akp + c * akq;
            }
            for (int k = 0; k < N; ++k) {
                double apk = a[p][k], aqk = a[q][k];
                a[p][k] = c * apk - s * aqk;
                a[q][k] = s * apk + c * aqk;
            }
            for (int k = 0; k < N; ++k) {
                double vkp = V[k][p], vkq = V[k][q];
                V[k][p] = c * vkp - s * vkq;
                V[k][q] = s * vkp + c * vkq;
            }
        }
}

// Eigenvectors of a symmetric 3x3 matrix by Jacobi rotations, columns of V by rising eigenvalue.
inline void eigen_symmetric(double (&a)[3][3], double (&values)[3], double (&V)[3][3]) {
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) V[i][j] = i == j;
    for (int sweep = 0; sweep < 30; ++sweep) {
        double off = a[0][1] * a[0][1] + a[0][2] * a[0][2] + a[1][2] * a[1][2];
        double diagonal = a[0][0] * a[0][0] + a[1][1] * a[1][1] + a[2][2] * a[2][2];
        if (off <= 1e-28 * diagonal) break;
        jacobi_sweep(a, V);
    }
    int order[3] = {0, 1, 2};
    std::sort(order, order + 3, [&](int i, int j) { return a[i][i] < a[j][j]; });
    double W[3][3];
    for (int k = 0; k < 3; ++k) {
        values[k] = a[order[k]][order[k]];
        for (int i = 0; i < 3; ++i) W[i][k] = V[i][order[k]];
    }
    std::copy(&W[0][0], &W[0][0] + 9, &V[0][0]);
}

// Unsigned normal at each query point: the direction of least spread of the samples within `radius`.
inline void neighbourhood_normals(const std::vector<Vec3>& samples, const std::vector<Vec3>& queries, double radius,
                                  double* normals) {
    CellGrid grid(samples.data(), samples.size(), radius);
    for (size_t i = 0; i < queries.size(); ++i) {
        Vec3 sum;
        double xx = 0, xy = 0, xz = 0, yy = 0, yz = 0, zz = 0;
        int count = 0;
        grid.within(queries[i], [&](int32_t j, double) {
            Vec3 d = samples[j] - queries[i];
            sum = sum + d;
            xx += d.x * d.x, xy += d.x * d.y, xz += d.x * d.z, yy += d.y * d.y, yz += d.y * d.z, zz += d.z * d.z;
            ++count;
        });
        double n = std::max(count, 1);
        Vec3 m = sum * (1 / n);
        double a[3][3] = {{xx / n - m.x * m.x, xy / n - m.x * m.y, xz / n - m.x * m.z},
                          {xy / n - m.x * m.y, yy / n - m.y * m.y, yz / n - m.y * m.z},
                          {xz / n - m.x * m.z, yz / n - m.y * m.z, zz / n - m.z * m.z}};
        double values[3], V[3][3];
        eigen_symmetric(a, values, V);
        for (int k = 0; k < 3; ++k) normals[3 * i + k] = V[k][0];
    }
}

}  // namespace partwatch
