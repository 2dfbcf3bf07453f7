// Python face of the kernel. Arrays in, arrays out; lengths are checked here, meaning is explained in
// partwatch.geometry.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <optional>
#include <stdexcept>

#include "alignment.hpp"
#include "bvh.hpp"
#include "descriptor.hpp"
#include "distance.hpp"
#include "gcode.hpp"
#include "local.hpp"
#include "sampling.hpp"
#include "strokes.hpp"
#include "topology.hpp"
#include "voting.hpp"

namespace nb = nanobind;
using namespace partwatch;

using Points = nb::ndarray<const double, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using Triangles = nb::ndarray<const int32_t, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>;
using Frames = nb::ndarray<const double, nb::shape<-1, 3, 4>, nb::c_contig, nb::device::cpu>;

template <class T> nb::ndarray<nb::numpy, T> owned(T* data, std::initializer_list<size_t> shape) {
    nb::capsule free(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return nb::ndarray<nb::numpy, T>(data, shape, free);
}

// Numbers that are not finite would become wild indices of cells and bins.
template <class Array> void check_finite(const Array& a) {
    // Without a way out of the loop, so that the compiler may use vector registers.
    bool finite = true;
    for (size_t i = 0, n = a.size(); i < n; ++i) finite &= std::isfinite(a.data()[i]);
    if (!finite) throw std::invalid_argument("a number is not finite");
}

static std::vector<Vec3> vectors(const Points& a) {
    check_finite(a);
    std::vector<Vec3> out(a.shape(0));
    for (size_t i = 0; i < out.size(); ++i) out[i] = {a.data()[3 * i], a.data()[3 * i + 1], a.data()[3 * i + 2]};
    return out;
}

static Similarity similarity(const double* m) {
    return {{m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10]}, {m[3], m[7], m[11]}};
}

static void store(const Similarity& T, double* m) {
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) m[4 * i + j] = T.A[3 * i + j];
    m[3] = T.t.x, m[7] = T.t.y, m[11] = T.t.z;
}

static void check_indices(const Points& v, const Triangles& t) {
    check_finite(v);
    int64_t n = static_cast<int64_t>(v.shape(0));
    for (size_t i = 0; i < 3 * t.shape(0); ++i)
        if (t.data()[i] < 0 || t.data()[i] >= n) throw std::out_of_range("a triangle names a vertex that is not there");
}

static void check_not_negative(const Triangles& t) {
    for (size_t i = 0; i < 3 * t.shape(0); ++i)
        if (t.data()[i] < 0) throw std::out_of_range("a triangle names a vertex that is not there");
}

static auto weld(Points corners) {
    check_finite(corners);
    size_t n = corners.shape(0);
    auto* remap = new int32_t[n];
    std::vector<double> kept;
    size_t m = weld_exact(corners.data(), n, remap, kept);
    auto* vertices = new double[3 * m];
    std::copy(kept.begin(), kept.end(), vertices);
    return std::make_tuple(owned(vertices, {m, 3}), owned(remap, {n}));
}

static auto weld_within(Points points, double reach) {
    if (!(reach > 0)) throw std::invalid_argument("reach must be positive");
    size_t n = points.shape(0);
    auto* labels = new int32_t[n];
    auto v = vectors(points);
    weld_near(v.data(), n, reach, labels);
    return owned(labels, {n});
}

static auto nearest(const PointGrid& grid, Points queries) {
    check_finite(queries);
    size_t n = queries.shape(0);
    const double* q = queries.data();
    auto* found = new int32_t[n];
    for (size_t i = 0; i < n; ++i) found[i] = grid.nearest({q[3 * i], q[3 * i + 1], q[3 * i + 2]});
    return owned(found, {n});
}

static auto first_of_equals(Triangles tri) {
    check_not_negative(tri);
    size_t n = tri.shape(0);
    auto* keep = new uint8_t[n];
    mark_first(tri.data(), n, keep);
    return owned(keep, {n});
}

static auto find_shells(Triangles tri) {
    check_not_negative(tri);
    size_t n = tri.shape(0);
    auto* labels = new int32_t[n];
    std::vector<int32_t> open;
    auto stats = shells(tri.data(), n, labels, open);
    auto* rim = new int32_t[open.size()];
    std::copy(open.begin(), open.end(), rim);
    auto* counts = new int32_t[3 * stats.size()];
    for (size_t i = 0; i < stats.size(); ++i) {
        counts[3 * i] = stats[i].open_edges;
        counts[3 * i + 1] = stats[i].crowded_edges;
        counts[3 * i + 2] = stats[i].clashing_edges;
    }
    return std::make_tuple(owned(labels, {n}), owned(counts, {stats.size(), 3}), owned(rim, {open.size()}));
}

static double volume(Points v, Triangles t) {
    check_indices(v, t);
    return signed_volume(v.data(), t.data(), t.shape(0));
}

static auto sample(Points v, Triangles t, size_t count) {
    check_indices(v, t);
    if (t.shape(0) == 0) throw std::invalid_argument("a mesh without triangles has no surface");
    auto* points = new double[3 * count];
    auto* normals = new double[3 * count];
    auto* origin = new int32_t[count];
    double area = sample_surface(v.data(), t.data(), t.shape(0), count, points, normals, origin);
    return std::make_tuple(owned(points, {count, 3}), owned(normals, {count, 3}), owned(origin, {count}), area);
}

static auto farthest(Points points, size_t wanted) {
    check_finite(points);
    if (wanted > points.shape(0)) throw std::invalid_argument("more points wanted than there are");
    auto* taken = new int32_t[wanted];
    farthest_points(points.data(), points.shape(0), wanted, taken);
    return owned(taken, {wanted});
}

static auto local_normals(Points samples, Points queries, double radius) {
    if (!(radius > 0)) throw std::invalid_argument("radius must be positive");
    size_t n = queries.shape(0);
    auto* normals = new double[3 * n];
    neighbourhood_normals(vectors(samples), vectors(queries), radius, normals);
    return owned(normals, {n, 3});
}

static auto histograms(Points points, Points normals, double rms_radius) {
    check_finite(points);
    check_finite(normals);
    if (points.shape(0) != normals.shape(0)) throw std::invalid_argument("one normal a point");
    if (!(rms_radius > 0)) throw std::invalid_argument("rms_radius must be positive");
    auto* d2 = new double[PairLayout::d2_bins];
    auto* ppf = new double[PairLayout::ppf_bins];
    pair_histograms(points.data(), normals.data(), points.shape(0), rms_radius, d2, ppf);
    return std::make_tuple(owned(d2, {PairLayout::d2_bins}), owned(ppf, {PairLayout::ppf_bins}));
}

struct Trial {
    double score;
    Similarity T;
};

// The best `keep` of the trials by score; ties in the order they came.
static void best_first(std::vector<Trial>& trials, size_t keep) {
    std::vector<std::pair<double, size_t>> order(trials.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = {-trials[i].score, i};
    keep = std::min(keep, order.size());
    std::partial_sort(order.begin(), order.begin() + keep, order.end());
    std::vector<Trial> best(keep);
    for (size_t k = 0; k < keep; ++k) best[k] = trials[order[k].second];
    trials = std::move(best);
}

// Trials that lay the first points within `near` of where a better one lays them; points come farthest first.
static void drop_repeated(std::vector<Trial>& trials, const std::vector<Vec3>& points, double near) {
    size_t kept = 0;
    for (size_t i = 0; i < trials.size(); ++i) {
        bool repeated = false;
        for (size_t k = 0; k < kept && !repeated; ++k) {
            double gap2 = 0;
            for (size_t j = 0; j < std::min<size_t>(points.size(), 6); ++j)
                gap2 = std::max(gap2, norm2(trials[k].T(points[j]) - trials[i].T(points[j])));
            repeated = gap2 < near * near;
        }
        if (!repeated) trials[kept++] = trials[i];
    }
    trials.resize(kept);
}

// Scores every frame on a few points, brings the best ones closer by ICP on the field, goes on with the best
// of those, and scores these on all points. Points come evenly spaced in each prefix. Frames well below the
// best one, or below what could still reach `least`, are given up.
static auto align(const Field& field, Points points, Points normals, Frames frames, double cap, size_t keep,
                  double least) {
    auto p = vectors(points);
    auto n = vectors(normals);
    check_finite(frames);
    if (p.empty() || p.size() != n.size()) throw std::invalid_argument("one normal a point, and one point at least");
    auto first = [](const std::vector<Vec3>& all, size_t count) {
        return std::vector<Vec3>(all.begin(), all.begin() + std::min(count, all.size()));
    };
    // A shape that turns onto itself nearly has as many good poses as it has teeth, times its flips.
    const bool turning = frames.shape(0) > 24;
    auto p_some = first(p, 96), n_some = first(n, 96), p_more = first(p, 160), n_more = first(n, 160);
    auto p_trial = frames.shape(0) > 1000 ? first(p, 48) : p_some;
    std::vector<Trial> trials(frames.shape(0));
    for (size_t i = 0; i < trials.size(); ++i) trials[i].T = similarity(frames.data() + 12 * i);
    auto score = [&](const std::vector<Vec3>& on) {
        for (Trial& t : trials) t.score = fit(field, on, t.T, 2 * cap);
    };
    if (trials.size() > 1000) {
        // A few points tell that most of many rotations are poor, though not which of the rest is best.
        score(first(p, 16));
        best_first(trials, trials.size() / 4);
    }
    score(p_trial);
    best_first(trials, keep);
    constexpr size_t probes = 6;
    if (!trials.empty()) {
        double bar = std::max(0.75 * trials.front().score, 0.6 * least);
        while (!trials.empty() && trials.back().score < bar) trials.pop_back();
    }
    // The first few tell whether this part can lie here at all; most cannot.
    double best = 0;
    for (size_t i = 0; i < trials.size(); ++i) {
        if (i == probes && best < 0.85 * least) trials.resize(probes);
        if (i == trials.size()) break;
        Trial& t = trials[i];
        t.T = icp(field, p_some, n_some, t.T, 5, 3 * cap, 1.5 * cap);
        t.score = fit(field, p_more, t.T, cap);
        best = std::max(best, t.score);
    }
    best_first(trials, trials.size());
    double bar = std::max(0.85 * least, 0.8 * best);
    while (!trials.empty() && trials.back().score < bar) trials.pop_back();
    drop_repeated(trials, p, 0.25 * cap);
    best_first(trials, turning ? 36 : 6);
    auto closer = [&](const std::vector<Vec3>& on, const std::vector<Vec3>& facing, int rounds,
                      const std::vector<Vec3>& judged, size_t left) {
        for (Trial& t : trials) {
            t.T = icp(field, on, facing, t.T, rounds, 1.5 * cap, cap);
            t.score = fit(field, judged, t.T, cap);
        }
        best_first(trials, left);
    };
    if (turning) closer(p_some, n_some, 3, p_more, 12);
    closer(p_more, n_more, 8, p, trials.size());
    keep = trials.size();
    auto* out = new double[12 * keep];
    auto* scores = new double[keep];
    for (size_t k = 0; k < keep; ++k) {
        store(trials[k].T, out + 12 * k);
        scores[k] = trials[k].score;
    }
    return std::make_tuple(owned(out, {keep, 3, 4}), owned(scores, {keep}));
}

// Share of the points that the field covers, once laid on it by `frame`.
static double covered(const Field& field, Points points, Points normals, Frames frame, double near, double flat,
                      double min_cosine) {
    check_finite(frame);
    if (frame.shape(0) != 1) throw std::invalid_argument("one frame to look at");
    auto p = vectors(points), n = vectors(normals);
    if (p.empty() || p.size() != n.size()) throw std::invalid_argument("one normal a point, and one point at least");
    Similarity T = similarity(frame.data());
    size_t count = 0;
    for (size_t i = 0; i < p.size(); ++i) {
        Vec3 turned = T.linear(n[i]);
        double length = norm(turned);
        count += field.covers(T(p[i]), length > 0 ? turned * (1 / length) : turned, near, flat, min_cosine);
    }
    return static_cast<double>(count) / static_cast<double>(p.size());
}

static auto refine(const TriangleTree& tree, Points points, Points normals, Frames start, int iterations,
                   double cap_from, double cap_to, bool rigid) {
    check_finite(start);
    if (start.shape(0) != 1) throw std::invalid_argument("one frame to start from");
    if (points.shape(0) != normals.shape(0)) throw std::invalid_argument("one normal a point");
    auto T = icp(tree, vectors(points), vectors(normals), similarity(start.data()), iterations, cap_from, cap_to,
                 rigid);
    auto* out = new double[12];
    store(T, out);
    return owned(out, {3, 4});
}

static auto closest(const TriangleTree& tree, Points points, Points normals, double cap) {
    size_t n = points.shape(0);
    check_finite(points);
    check_finite(normals);
    if (n != normals.shape(0)) throw std::invalid_argument("one normal a point");
    auto* distance = new double[n];
    auto* triangle = new int32_t[n];
    const double *p = points.data(), *m = normals.data();
    for (size_t i = 0; i < n; ++i) {
        Nearest hit;
        tree.search({p[3 * i], p[3 * i + 1], p[3 * i + 2]}, {m[3 * i], m[3 * i + 1], m[3 * i + 2]}, cap, hit,
                    triangle[i]);
        distance[i] = hit.found ? std::sqrt(hit.distance2) : std::numeric_limits<double>::infinity();
    }
    return std::make_tuple(owned(distance, {n}), owned(triangle, {n}));
}

static auto crossings(const TriangleTree& tree, Points points, std::tuple<double, double, double> direction) {
    size_t n = points.shape(0);
    auto* counts = new int32_t[2 * n];
    Vec3 d{std::get<0>(direction), std::get<1>(direction), std::get<2>(direction)};
    check_finite(points);
    if (!std::isfinite(d.x + d.y + d.z) || d.x == 0 || d.y == 0 || d.z == 0) throw std::invalid_argument("the direction must have no zero component");
    for (size_t i = 0; i < n; ++i) {
        int with, against;
        tree.crossings({points.data()[3 * i], points.data()[3 * i + 1], points.data()[3 * i + 2]}, d, with, against);
        counts[2 * i] = with;
        counts[2 * i + 1] = against;
    }
    return owned(counts, {n, 2});
}

using Owners = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

static auto find_local_features(Points points, Points normals, double area, double radius, double apart, double least,
                                size_t most, std::optional<Owners> owner, Sheets* sheets) {
    check_finite(points);
    check_finite(normals);
    if (points.shape(0) != normals.shape(0)) throw std::invalid_argument("one normal a point");
    auto is_size = [](double x) { return x > 0 && x * x > 0 && std::isfinite(x * x); };
    if (!is_size(radius) || !is_size(apart)) throw std::invalid_argument("radius and apart must be positive");
    if (!(area >= 0) || !std::isfinite(area)) throw std::invalid_argument("an area is not negative");
    for (Vec3 n : vectors(normals))
        if (norm2(n) > 1.000001) throw std::invalid_argument("a normal is longer than one");
    if (owner.has_value() != (sheets != nullptr)) throw std::invalid_argument("owners and sheets go together");
    if (owner) {
        if (owner->shape(0) != points.shape(0)) throw std::invalid_argument("one owner a point");
        for (size_t i = 0; i < owner->shape(0); ++i)
            if (owner->data()[i] < 0 || static_cast<size_t>(owner->data()[i]) >= sheets->triangles())
                throw std::invalid_argument("an owner is no triangle of the sheets");
    }
    auto found = local_features(vectors(points), vectors(normals), area, radius, apart, least, most,
                                owner ? owner->data() : nullptr, sheets);
    size_t n = found.origin.size();
    auto* origin = new int32_t[n];
    std::copy(found.origin.begin(), found.origin.end(), origin);
    auto* turned = new double[3 * n];
    for (size_t i = 0; i < n; ++i) {
        turned[3 * i] = found.normals[i].x;
        turned[3 * i + 1] = found.normals[i].y;
        turned[3 * i + 2] = found.normals[i].z;
    }
    auto* salient = new float[n];
    std::copy(found.saliency.begin(), found.saliency.end(), salient);
    auto* descriptor = new float[found.descriptor.size()];
    std::copy(found.descriptor.begin(), found.descriptor.end(), descriptor);
    return std::make_tuple(owned(origin, {n}), owned(turned, {n, 3}), owned(salient, {n}),
                           owned(descriptor, {n, static_cast<size_t>(LocalLayout::size)}));
}

using Codes = nb::ndarray<const int8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Cells = nb::ndarray<const int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Starts = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Singles = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Flags = nb::ndarray<const bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

static auto vote(Codes codes, Owners part, Singles place, Singles facing, Starts start, Flags asked, Codes q_codes,
                 Cells q_cells, Points q_place, Points q_facing, Numbers q_radius, Numbers q_worth, size_t most) {
    size_t rows = codes.shape(0), n = q_codes.shape(0), parts = asked.shape(0);
    if (codes.shape(1) != kCodeSize || q_codes.shape(1) != kCodeSize) throw std::invalid_argument("codes of another size");
    if (part.shape(0) != rows || place.shape(0) != rows || facing.shape(0) != rows || place.shape(1) != 3 ||
        facing.shape(1) != 3)
        throw std::invalid_argument("one part, place and normal a code");
    if (q_cells.shape(0) != n || q_place.shape(0) != n || q_facing.shape(0) != n || q_radius.shape(0) != n ||
        q_worth.shape(0) != n)
        throw std::invalid_argument("cells, place, normal, radius and worth for each of the body's codes");
    size_t cells = start.shape(0);
    if (cells == 0 || start.data()[0] != 0 || start.data()[cells - 1] != static_cast<int64_t>(rows))
        throw std::invalid_argument("cells must begin at 0 and end at the last code");
    for (size_t c = 1; c < cells; ++c)
        if (start.data()[c] < start.data()[c - 1]) throw std::invalid_argument("cells must be in order");
    for (size_t i = 0; i < n * q_cells.shape(1); ++i)
        if (q_cells.data()[i] < 0 || static_cast<size_t>(q_cells.data()[i]) + 1 >= cells)
            throw std::out_of_range("no such cell");
    for (size_t i = 0; i < rows; ++i)
        if (part.data()[i] < 0 || static_cast<size_t>(part.data()[i]) >= parts) throw std::out_of_range("no such part");
    check_finite(place);
    check_finite(facing);
    check_finite(q_radius);
    check_finite(q_worth);
    ListedFeatures listed{codes.data(), part.data(), place.data(), facing.data(), start.data(), asked.data()};
    BodyFeatures body{n, q_cells.shape(1), q_codes.data(), q_cells.data(), vectors(q_place), vectors(q_facing),
                      std::vector<double>(q_radius.data(), q_radius.data() + n),
                      std::vector<double>(q_worth.data(), q_worth.data() + n)};
    auto found = Voting(listed, body, parts, Ballot{}).candidates(most);
    size_t kept = found.size();
    auto* owner = new int32_t[kept];
    auto* score = new double[kept];
    auto* mirrored = new uint8_t[kept];
    auto* T = new double[12 * kept];
    for (size_t k = 0; k < kept; ++k) {
        owner[k] = found[k].part;
        score[k] = found[k].score;
        mirrored[k] = found[k].mirrored;
        store(found[k].T_body_part, T + 12 * k);
    }
    return std::make_tuple(owned(owner, {kept}), owned(score, {kept}), owned(mirrored, {kept}),
                           owned(T, {kept, 3, 4}));
}

template <class T> nb::ndarray<nb::numpy, T> copied(const std::vector<T>& v, std::initializer_list<size_t> shape) {
    auto* out = new T[v.size()];
    std::copy(v.begin(), v.end(), out);
    return owned(out, shape);
}

static auto gcode_moves_of(nb::bytes data, size_t most) {
    Moves moves = gcode_moves(data.c_str(), data.size(), most);
    size_t n = moves.line.size();
    return std::make_tuple(copied(moves.end, {n, 3}), copied(moves.filament, {n}), copied(moves.feed, {n}),
                           copied(moves.line, {n}), copied(moves.tool, {n}), copied(moves.chord, {n}),
                           copied(moves.other, {moves.other.size() / 3, 3}), moves.left_out, moves.wild);
}

using FlagPlane = nb::ndarray<const bool, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

static auto distance_outside_of(FlagPlane inside) {
    size_t ny = inside.shape(0), nx = inside.shape(1);
    if (ny * nx > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
        throw std::invalid_argument("the plane has more cells than are counted");
    auto* distance = new double[ny * nx];
    auto* nearest = new int32_t[ny * nx];
    auto out = std::make_tuple(owned(distance, {ny, nx}), owned(nearest, {ny, nx}));
    if (ny * nx > 0)
        distance_outside(reinterpret_cast<const uint8_t*>(inside.data()), ny, nx, distance, nearest);
    return out;
}

using Strokes = nb::ndarray<const double, nb::shape<-1, 4>, nb::c_contig, nb::device::cpu>;
using Plane = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

static void lay_strokes_on(Plane field, Strokes segments, Numbers half, double reach) {
    if (half.shape(0) != segments.shape(0)) throw std::invalid_argument("half a width for each segment");
    check_finite(segments);
    check_finite(half);
    if (!std::isfinite(reach)) throw std::invalid_argument("a number is not finite");
    lay_strokes(field.data(), field.shape(1), field.shape(0), segments.data(), half.data(), half.shape(0), reach);
}

NB_MODULE(_kernel, m) {
    m.def("gcode_moves", &gcode_moves_of, nb::arg("data"), nb::arg("most"));
    m.def("distance_outside", &distance_outside_of, nb::arg("inside"));
    m.def("lay_strokes", &lay_strokes_on, nb::arg("field"), nb::arg("segments"), nb::arg("half"), nb::arg("reach"));
    m.attr("CODE_SIZE") = kCodeSize;
    m.def("vote", &vote, nb::arg("codes"), nb::arg("part"), nb::arg("place"), nb::arg("facing"), nb::arg("start"),
          nb::arg("asked"), nb::arg("q_codes"), nb::arg("q_cells"), nb::arg("q_place"), nb::arg("q_facing"),
          nb::arg("q_radius"), nb::arg("q_worth"), nb::arg("most"));
    m.attr("LOCAL_SIZE") = LocalLayout::size;
    nb::class_<Sheets>(m, "Sheets")
        .def("__init__",
             [](Sheets* self, Points v, Triangles t) {
                 check_indices(v, t);
                 check_finite(v);
                 new (self) Sheets(v.data(), t.data(), t.shape(0));
             },
             nb::arg("vertices"), nb::arg("triangles"));
    m.def("local_features", &find_local_features, nb::arg("points"), nb::arg("normals"), nb::arg("area"),
          nb::arg("radius"), nb::arg("apart"), nb::arg("least"), nb::arg("most"), nb::arg("owner") = nb::none(),
          nb::arg("sheets") = nb::none());
    m.attr("D2_BINS") = PairLayout::d2_bins;
    m.attr("PPF_BINS") = PairLayout::ppf_bins;
    m.def("weld", &weld, nb::arg("corners"));
    m.def("weld_within", &weld_within, nb::arg("points"), nb::arg("reach"));
    m.def("first_of_equals", &first_of_equals, nb::arg("triangles"));
    m.def("shells", &find_shells, nb::arg("triangles"));
    m.def("signed_volume", &volume, nb::arg("vertices"), nb::arg("triangles"));
    m.def("sample", &sample, nb::arg("vertices"), nb::arg("triangles"), nb::arg("count"));
    m.def("farthest", &farthest, nb::arg("points"), nb::arg("wanted"));
    m.def("local_normals", &local_normals, nb::arg("samples"), nb::arg("queries"), nb::arg("radius"));
    m.def("pair_histograms", &histograms, nb::arg("points"), nb::arg("normals"), nb::arg("rms_radius"));
    nb::class_<PointGrid>(m, "PointGrid")
        .def("__init__",
             [](PointGrid* self, Points points, double reach) {
                 if (!(reach > 0)) throw std::invalid_argument("reach must be positive");
                 new (self) PointGrid(vectors(points), reach);
             },
             nb::arg("points"), nb::arg("reach"))
        .def("nearest", &nearest, nb::arg("queries"));
    nb::class_<Field>(m, "Field")
        .def("__init__",
             [](Field* self, Points points, Points normals, int resolution) {
                 if (points.shape(0) == 0 || points.shape(0) != normals.shape(0) || resolution < 2)
                     throw std::invalid_argument("a field needs points, a normal for each, and a resolution");
                 new (self) Field(vectors(points), vectors(normals), resolution);
             },
             nb::arg("points"), nb::arg("normals"), nb::arg("resolution"))
        .def_prop_ro("voxel", &Field::voxel)
        .def("align", &align, nb::arg("points"), nb::arg("normals"), nb::arg("frames"), nb::arg("cap"),
             nb::arg("keep"), nb::arg("least"))
        .def("covered", &covered, nb::arg("points"), nb::arg("normals"), nb::arg("frame"), nb::arg("near"),
             nb::arg("flat"), nb::arg("min_cosine"));
    nb::class_<TriangleTree>(m, "TriangleTree")
        .def("__init__",
             [](TriangleTree* self, Points v, Triangles t, double min_cosine) {
                 check_indices(v, t);
                 new (self) TriangleTree(v.data(), t.data(), t.shape(0), min_cosine);
             },
             nb::arg("vertices"), nb::arg("triangles"), nb::arg("min_cosine"))
        .def("refine", &refine, nb::arg("points"), nb::arg("normals"), nb::arg("start"), nb::arg("iterations"),
             nb::arg("cap_from"), nb::arg("cap_to"), nb::arg("rigid") = false)
        .def("closest", &closest, nb::arg("points"), nb::arg("normals"), nb::arg("cap"))
        .def("crossings", &crossings, nb::arg("points"), nb::arg("direction"));
}
