"""The loops behind the indicators, compiled by numba on first use; imported only to compute.

Every kernel comes in two forms over gap-free float64 data, called alike: inputs, the slice of
symbols to fill, parameters, outputs. `*_rows` takes C-contiguous (time, symbol) arrays: its inner
loops run across symbols, where the processor does several at once. `*_series` takes C-contiguous
(symbol, time) arrays and walks each symbol with its state in registers.

Rolling sums never subtract. Time is cut into blocks of one window; the sum over any window is a
suffix of the previous block plus a prefix of the current one, so an old spike leaves no residue.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from workbench.indicators.jit import kernel

NAN = np.nan


# Moving averages


@kernel
def sma_rows(close, symbols, window, out):
    bars, width = close.shape[0], symbols.stop - symbols.start
    suffix = np.zeros((min(window, bars) + 1, width))
    prefix = np.zeros(width)
    for start in range(0, bars, window):
        prefix[:] = 0.0
        if start > 0:
            for p in range(window - 1, 0, -1):
                row, above, below = close[start - window + p, symbols], suffix[p], suffix[p + 1]
                for j in range(width):
                    above[j] = below[j] + row[j]
        for t in range(start, min(start + window, bars)):
            row, result = close[t, symbols], out[t, symbols]
            if t < window - 1:
                for j in range(width):
                    prefix[j] += row[j]
                    result[j] = NAN
                continue
            rest = suffix[t - start + 1]
            for j in range(width):
                prefix[j] += row[j]
                result[j] = (rest[j] + prefix[j]) / window


@kernel
def sma_series(close, symbols, window, out):
    bars = close.shape[1]
    suffix = np.zeros(min(window, bars) + 1)
    for s in range(symbols.start, symbols.stop):
        values, result = close[s], out[s]
        result[: window - 1] = NAN
        suffix[:] = 0.0
        for start in range(0, bars, window):
            if start > 0:
                for p in range(window - 1, 0, -1):
                    suffix[p] = suffix[p + 1] + values[start - window + p]
            prefix = 0.0
            for t in range(start, min(start + window, bars)):
                prefix += values[t]
                if t >= window - 1:
                    result[t] = (suffix[t - start + 1] + prefix) / window


@kernel
def ema_rows(close, symbols, window, out):
    width = symbols.stop - symbols.start
    state = np.zeros(width)
    alpha = 2.0 / (window + 1.0)
    for t in range(close.shape[0]):
        row, result = close[t, symbols], out[t, symbols]
        if t >= window:
            for j in range(width):
                state[j] += alpha * (row[j] - state[j])
                result[j] = state[j]
            continue
        for j in range(width):
            state[j] += row[j]
            result[j] = NAN
        if t == window - 1:
            for j in range(width):
                state[j] /= window
                result[j] = state[j]


@kernel
def ema_series(close, symbols, window, out):
    alpha = 2.0 / (window + 1.0)
    for s in range(symbols.start, symbols.stop):
        values, result = close[s], out[s]
        result[: window - 1] = NAN
        if values.size < window:
            continue
        state = values[:window].sum() / window
        result[window - 1] = state
        for t in range(window, values.size):
            state += alpha * (values[t] - state)
            result[t] = state


# Volatility


@kernel
def bbands_rows(close, symbols, window, deviations, upper, middle, lower):
    bars, width = close.shape[0], symbols.stop - symbols.start
    size = min(window, bars) + 1
    suffix, suffix2 = np.zeros((size, width)), np.zeros((size, width))
    prefix, prefix2 = np.zeros(width), np.zeros(width)
    for start in range(0, bars, window):
        pivot = close[start, symbols]  # in every window that ends in this block
        prefix[:] = 0.0
        prefix2[:] = 0.0
        if start > 0:
            for p in range(window - 1, 0, -1):
                row = close[start - window + p, symbols]
                above, below, above2, below2 = suffix[p], suffix[p + 1], suffix2[p], suffix2[p + 1]
                for j in range(width):
                    offset = row[j] - pivot[j]
                    above[j] = below[j] + offset
                    above2[j] = below2[j] + offset * offset
        for t in range(start, min(start + window, bars)):
            row = close[t, symbols]
            top, centre, bottom = upper[t, symbols], middle[t, symbols], lower[t, symbols]
            rest, rest2 = suffix[t - start + 1], suffix2[t - start + 1]
            for j in range(width):
                offset = row[j] - pivot[j]
                prefix[j] += offset
                prefix2[j] += offset * offset
            if t < window - 1:
                top[:] = NAN
                centre[:] = NAN
                bottom[:] = NAN
                continue
            for j in range(width):
                mean = (rest[j] + prefix[j]) / window
                variance = (rest2[j] + prefix2[j]) / window - mean * mean
                spread = deviations * np.sqrt(variance if variance > 0.0 else 0.0 * variance)
                centre[j] = pivot[j] + mean
                top[j] = pivot[j] + mean + spread
                bottom[j] = pivot[j] + mean - spread


@kernel
def bbands_series(close, symbols, window, deviations, upper, middle, lower):
    bars = close.shape[1]
    size = min(window, bars)
    total, total2 = np.zeros(size), np.zeros(size)
    for s in range(symbols.start, symbols.stop):
        values = close[s]
        for start in range(0, bars, window):
            block = values[start : start + window]
            pivot = block[0]  # in every window that ends in this block
            total[:] = 0.0
            total2[:] = 0.0
            if start > 0:
                suffix = suffix2 = 0.0
                for p in range(window - 1, 0, -1):
                    offset = values[start - window + p] - pivot
                    suffix += offset
                    suffix2 += offset * offset
                    total[p - 1] = suffix
                    total2[p - 1] = suffix2
            prefix = prefix2 = 0.0
            for p in range(block.size):
                offset = block[p] - pivot
                prefix += offset
                prefix2 += offset * offset
                total[p] += prefix
                total2[p] += prefix2
            top = upper[s, start : start + window]
            centre = middle[s, start : start + window]
            bottom = lower[s, start : start + window]
            for p in range(block.size):  # apart from the sums, so that it runs at SIMD speed
                mean = total[p] / window
                variance = total2[p] / window - mean * mean
                spread = deviations * np.sqrt(variance if variance > 0.0 else 0.0 * variance)
                centre[p] = pivot + mean
                top[p] = pivot + mean + spread
                bottom[p] = pivot + mean - spread
        upper[s, : window - 1] = NAN
        middle[s, : window - 1] = NAN
        lower[s, : window - 1] = NAN


@kernel
def atr_rows(high, low, close, symbols, window, out):
    width = symbols.stop - symbols.start
    state = np.zeros(width)
    alpha = 1.0 / window
    out[:1, symbols] = NAN
    for t in range(1, close.shape[0]):
        top, bottom, result = high[t, symbols], low[t, symbols], out[t, symbols]
        previous = close[t - 1, symbols]
        if t > window:
            for j in range(width):
                ceiling = top[j] if top[j] > previous[j] else previous[j]
                floor = bottom[j] if bottom[j] < previous[j] else previous[j]
                state[j] += alpha * (ceiling - floor - state[j])
                result[j] = state[j]
            continue
        for j in range(width):
            ceiling = top[j] if top[j] > previous[j] else previous[j]
            floor = bottom[j] if bottom[j] < previous[j] else previous[j]
            state[j] += ceiling - floor
            result[j] = NAN
        if t == window:
            for j in range(width):
                state[j] /= window
                result[j] = state[j]


@kernel
def atr_series(high, low, close, symbols, window, out):
    bars = close.shape[1]
    alpha = 1.0 / window
    for s in range(symbols.start, symbols.stop):
        top, bottom, values, result = high[s], low[s], close[s], out[s]
        result[:window] = NAN
        state = 0.0
        for t in range(1, bars):
            ceiling = top[t] if top[t] > values[t - 1] else values[t - 1]
            floor = bottom[t] if bottom[t] < values[t - 1] else values[t - 1]
            if t > window:
                state += alpha * (ceiling - floor - state)
                result[t] = state
                continue
            state += ceiling - floor
            if t == window:
                state /= window
                result[t] = state


# Momentum


@kernel
def rsi_rows(close, symbols, window, out):
    width = symbols.stop - symbols.start
    gain, loss = np.zeros(width), np.zeros(width)
    alpha = 1.0 / window
    out[:1, symbols] = NAN
    for t in range(1, close.shape[0]):
        row, previous = close[t, symbols], close[t - 1, symbols]
        result, held = out[t, symbols], out[t - 1, symbols]
        if t > window:
            for j in range(width):
                change = row[j] - previous[j]
                gain[j] += alpha * ((change if change > 0.0 else 0.0) - gain[j])
                loss[j] += alpha * ((-change if change < 0.0 else 0.0) - loss[j])
                value = 100.0 * gain[j] / (gain[j] + loss[j])
                result[j] = held[j] if change == 0.0 else value
            continue
        for j in range(width):
            change = row[j] - previous[j]
            gain[j] += change if change > 0.0 else 0.0
            loss[j] += -change if change < 0.0 else 0.0
            result[j] = NAN
        if t == window:
            for j in range(width):
                gain[j] /= window
                loss[j] /= window
                total = gain[j] + loss[j]
                result[j] = 100.0 * gain[j] / total if total != 0.0 else 0.0


@kernel
def rsi_series(close, symbols, window, out):
    alpha = 1.0 / window
    for s in range(symbols.start, symbols.stop):
        values, result = close[s], out[s]
        result[:window] = NAN
        gain = loss = 0.0
        for t in range(1, min(window + 1, values.size)):
            change = values[t] - values[t - 1]
            gain += max(change, 0.0)
            loss += max(-change, 0.0)
        if values.size <= window:
            continue
        gain /= window
        loss /= window
        value = 100.0 * gain / (gain + loss) if gain + loss != 0.0 else 0.0
        result[window] = value
        for t in range(window + 1, values.size):
            change = values[t] - values[t - 1]
            gain += alpha * ((change if change > 0.0 else 0.0) - gain)
            loss += alpha * ((-change if change < 0.0 else 0.0) - loss)
            if change != 0.0:
                value = 100.0 * gain / (gain + loss)
            result[t] = value


@kernel
def macd_rows(close, symbols, fast, slow, signal, line, average, histogram):
    width = symbols.stop - symbols.start
    quick, late, smooth = np.zeros(width), np.zeros(width), np.zeros(width)
    quick_alpha, late_alpha, alpha = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0), 2.0 / (signal + 1.0)
    first = slow + signal - 2
    for t in range(close.shape[0]):
        row = close[t, symbols]
        a, b, c = line[t, symbols], average[t, symbols], histogram[t, symbols]
        if t > first:
            for j in range(width):
                quick[j] += quick_alpha * (row[j] - quick[j])
                late[j] += late_alpha * (row[j] - late[j])
                difference = quick[j] - late[j]
                smooth[j] += alpha * (difference - smooth[j])
                a[j] = difference
                b[j] = smooth[j]
                c[j] = difference - smooth[j]
            continue
        for j in range(width):
            a[j] = b[j] = c[j] = NAN
        if t < slow:  # both averages start at bar slow - 1, each from a plain mean
            for j in range(width):
                late[j] += row[j]
                quick[j] += row[j] if t >= slow - fast else 0.0
            if t < slow - 1:
                continue
            for j in range(width):
                late[j] /= slow
                quick[j] /= fast
        else:
            for j in range(width):
                quick[j] += quick_alpha * (row[j] - quick[j])
                late[j] += late_alpha * (row[j] - late[j])
        for j in range(width):
            smooth[j] += (quick[j] - late[j]) / signal
        if t == first:
            for j in range(width):
                a[j] = quick[j] - late[j]
                b[j] = smooth[j]
                c[j] = a[j] - b[j]


@kernel
def macd_series(close, symbols, fast, slow, signal, line, average, histogram):
    quick_alpha, late_alpha, alpha = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0), 2.0 / (signal + 1.0)
    first = slow + signal - 2
    for s in range(symbols.start, symbols.stop):
        values, a, b, c = close[s], line[s], average[s], histogram[s]
        a[:first] = NAN
        b[:first] = NAN
        c[:first] = NAN
        if values.size <= first:
            continue
        late = values[:slow].sum() / slow
        quick = values[slow - fast : slow].sum() / fast
        smooth = (quick - late) / signal
        for t in range(slow, first + 1):
            quick += quick_alpha * (values[t] - quick)
            late += late_alpha * (values[t] - late)
            smooth += (quick - late) / signal
        a[first] = quick - late
        b[first] = smooth
        c[first] = quick - late - smooth
        for t in range(first + 1, values.size):
            quick += quick_alpha * (values[t] - quick)
            late += late_alpha * (values[t] - late)
            difference = quick - late
            smooth += alpha * (difference - smooth)
            a[t] = difference
            b[t] = smooth
            c[t] = difference - smooth
