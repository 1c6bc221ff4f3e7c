;; The half-band filter of half-band-arithmetic.ts, eight products an instruction; equal to it to the sample.
;;
;; Translated by `npm run kernel` into half-band-wasm.ts. It knows of no call: what a call keeps is laid into the state
;; before, and taken from there afterwards. Addresses and steps are in bytes, two a sample. All loops run in whole
;; vectors: they read and write up to one vector past the last sample, which is why every region has some bytes to spare,
;; and what lies there is never looked at again.
(module
  (memory (export "memory") 1 1)

  ;; 32 taps of the branch, in units of 1/16384; written once by half-band-kernel.ts.
  (global $taps (export "taps") i32 (i32.const 0))
  ;; The newest 32 samples that met the branch, then the newest 16 that met the centre tap.
  (global $state (export "state") i32 (i32.const 64))
  ;; Up: 32 samples of history, and behind them the input, so that both are one lane. Room for 1024 samples.
  (global $lane i32 (i32.const 256))
  (global $input (export "input") i32 (i32.const 320))
  ;; Down: the input dealt into two, behind the history of each. Room for 512 samples each.
  (global $even i32 (i32.const 2560))
  (global $evenInput i32 (i32.const 2624))
  (global $odd i32 (i32.const 3840))
  (global $oddInput i32 (i32.const 3872))
  ;; Up: what comes from the branch, before it is mixed with what is only delayed.
  (global $branched i32 (i32.const 5120))
  (global $output (export "output") i32 (i32.const 7424))

  ;; From $to up to $end, each sample = (sum of 32 taps * 32 samples from $lane on + $weight * sample of $centre
  ;; + half of 2^$shift) >> $shift, clamped to 16 bits.
  ;;
  ;; No sum leaves 32 bits. The taps' magnitudes add up to 39,912 and a sample's is at most 2^15, which makes 1.31e9;
  ;; the centre adds at most 2^14 * 2^15 = 0.54e9; together 1.85e9 of 2.15e9. The shift rounds towards minus infinity,
  ;; so that with the half added first, the middle between two samples always goes up, below zero too.
  (func $filter
    (param $lane i32) (param $centre i32) (param $weight i32) (param $shift i32) (param $to i32) (param $end i32)
    (local $t0 v128) (local $t1 v128) (local $t2 v128) (local $t3 v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $weights v128) (local $half v128)
    (local.set $t0 (v128.load offset=0 (global.get $taps)))
    (local.set $t1 (v128.load offset=16 (global.get $taps)))
    (local.set $t2 (v128.load offset=32 (global.get $taps)))
    (local.set $t3 (v128.load offset=48 (global.get $taps)))
    (local.set $weights (i32x4.splat (local.get $weight)))
    (local.set $half (i32x4.splat (i32.shl (i32.const 1) (i32.sub (local.get $shift) (i32.const 1)))))
    (loop $four
      ;; One output in each of a, b, c and d, as four partial sums.
      (local.set $a (i32x4.add
        (i32x4.add
          (i32x4.dot_i16x8_s (v128.load offset=0 (local.get $lane)) (local.get $t0))
          (i32x4.dot_i16x8_s (v128.load offset=16 (local.get $lane)) (local.get $t1)))
        (i32x4.add
          (i32x4.dot_i16x8_s (v128.load offset=32 (local.get $lane)) (local.get $t2))
          (i32x4.dot_i16x8_s (v128.load offset=48 (local.get $lane)) (local.get $t3)))))
      (local.set $b (i32x4.add
        (i32x4.add
          (i32x4.dot_i16x8_s (v128.load offset=2 (local.get $lane)) (local.get $t0))
          (i32x4.dot_i16x8_s (v128.load offset=18 (local.get $lane)) (local.get $t1)))
        (i32x4.add
          (i32x4.dot_i16x8_s (v128.load offset=34 (local.get $lane)) (local.get $t2))
          (i32x4.dot_i16x8_s (v128.load offset=50 (local.get $lane)) (local.get $t3)))))
      (local.set $c (i32x4.add
        (i32x4.add
          (i32x4.dot_i16x8_s (v128.load offset=4 (local.get $lane)) (local.get $t0))
          (i32x4.dot_i16x8_s (v128.load offset=20 (local.get $lane)) (local.get $t1)))
        (i32x4.add
          (i32x4.dot_i16x8_s (v128.load offset=36 (local.get $lane)) (local.get $t2))
          (i32x4.dot_i16x8_s (v128.load offset=52 (local.get $lane)) (local.get $t3)))))
      (local.set $d (i32x4.add
        (i32x4.add
          (i32x4.dot_i16x8_s (v128.load offset=6 (local.get $lane)) (local.get $t0))
          (i32x4.dot_i16x8_s (v128.load offset=22 (local.get $lane)) (local.get $t1)))
        (i32x4.add
          (i32x4.dot_i16x8_s (v128.load offset=38 (local.get $lane)) (local.get $t2))
          (i32x4.dot_i16x8_s (v128.load offset=54 (local.get $lane)) (local.get $t3)))))
      ;; Transposed while adding: first a0+a2 b0+b2 a1+a3 b1+b3, and c with d alike, then one whole sum in each place.
      (local.set $a (i32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b))))
      (local.set $c (i32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d))))
      (local.set $a (i32x4.add
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $a) (local.get $c))
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $a) (local.get $c))))
      (local.set $a (i32x4.add
        (i32x4.add (local.get $a) (local.get $half))
        (i32x4.mul (v128.load16x4_s (local.get $centre)) (local.get $weights))))
      (local.set $a (i32x4.shr_s (local.get $a) (local.get $shift)))
      (v128.store64_lane 0 (local.get $to) (i16x8.narrow_i32x4_s (local.get $a) (local.get $a)))
      (local.set $lane (i32.add (local.get $lane) (i32.const 8)))
      (local.set $centre (i32.add (local.get $centre) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (br_if $four (i32.lt_u (local.get $to) (local.get $end)))))

  ;; 32 samples
  (func $copyBranchHistory (param $from i32) (param $to i32)
    (v128.store offset=0 (local.get $to) (v128.load offset=0 (local.get $from)))
    (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $from)))
    (v128.store offset=32 (local.get $to) (v128.load offset=32 (local.get $from)))
    (v128.store offset=48 (local.get $to) (v128.load offset=48 (local.get $from))))

  ;; 16 samples
  (func $copyCentreHistory (param $from i32) (param $to i32)
    (v128.store offset=0 (local.get $to) (v128.load offset=0 (local.get $from)))
    (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $from))))

  ;; $count samples of the input become twice as many of the output.
  (func (export "up") (param $count i32)
    (local $end i32) (local $branch i32) (local $delayed i32) (local $to i32) (local $b v128) (local $d v128)
    (call $copyBranchHistory (global.get $state) (global.get $lane))
    (local.set $end (i32.add (global.get $branched) (i32.shl (local.get $count) (i32.const 1))))
    ;; The oldest sample of the history is one more than the taps reach back. The centre's weight is nothing here.
    (call $filter (i32.add (global.get $lane) (i32.const 2)) (global.get $lane) (i32.const 0) (i32.const 14)
      (global.get $branched) (local.get $end))
    (local.set $branch (global.get $branched))
    ;; 15 samples back from the input's first: 31 at 16 kHz, of which the branch's own place makes one.
    (local.set $delayed (i32.sub (global.get $input) (i32.const 30)))
    (local.set $to (global.get $output))
    (loop $eight
      (local.set $b (v128.load (local.get $branch)))
      (local.set $d (v128.load (local.get $delayed)))
      (v128.store offset=0 (local.get $to)
        (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b) (local.get $d)))
      (v128.store offset=16 (local.get $to)
        (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b) (local.get $d)))
      (local.set $branch (i32.add (local.get $branch) (i32.const 16)))
      (local.set $delayed (i32.add (local.get $delayed) (i32.const 16)))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (br_if $eight (i32.lt_u (local.get $branch) (local.get $end))))
    (call $copyBranchHistory
      (i32.add (global.get $lane) (i32.shl (local.get $count) (i32.const 1)))
      (global.get $state)))

  ;; $count samples of the input become half as many of the output; $phase is 1 when the first is an odd one.
  (func (export "down") (param $count i32) (param $phase i32)
    (local $evens i32) (local $odds i32)
    (local.set $evens (i32.shr_u (i32.sub (i32.add (local.get $count) (i32.const 1)) (local.get $phase)) (i32.const 1)))
    (local.set $odds (i32.sub (local.get $count) (local.get $evens)))
    (call $copyBranchHistory (global.get $state) (global.get $even))
    (call $copyCentreHistory (i32.add (global.get $state) (i32.const 64)) (global.get $odd))
    (call $deal
      (select (global.get $oddInput) (global.get $evenInput) (local.get $phase))
      (select (global.get $evenInput) (global.get $oddInput) (local.get $phase))
      (i32.add (global.get $input) (i32.shl (local.get $count) (i32.const 1))))
    ;; With an even sample already behind us, the odd lane is one sample behind and its places are one further on.
    (call $filter
      (i32.add (global.get $even) (i32.const 2))
      (i32.add (global.get $odd) (i32.shl (local.get $phase) (i32.const 1)))
      (i32.const 16384) (i32.const 15)
      (global.get $output)
      (i32.add (global.get $output) (i32.shl (local.get $evens) (i32.const 1))))
    (call $copyBranchHistory
      (i32.add (global.get $even) (i32.shl (local.get $evens) (i32.const 1)))
      (global.get $state))
    (call $copyCentreHistory
      (i32.add (global.get $odd) (i32.shl (local.get $odds) (i32.const 1)))
      (i32.add (global.get $state) (i32.const 64))))

  ;; The input's samples up to $end by turns to $first and to $second.
  (func $deal (param $first i32) (param $second i32) (param $end i32)
    (local $from i32) (local $v v128) (local $w v128)
    (local.set $from (global.get $input))
    (loop $sixteen
      (local.set $v (v128.load offset=0 (local.get $from)))
      (local.set $w (v128.load offset=16 (local.get $from)))
      (v128.store (local.get $first)
        (i8x16.shuffle 0 1 4 5 8 9 12 13 16 17 20 21 24 25 28 29 (local.get $v) (local.get $w)))
      (v128.store (local.get $second)
        (i8x16.shuffle 2 3 6 7 10 11 14 15 18 19 22 23 26 27 30 31 (local.get $v) (local.get $w)))
      (local.set $first (i32.add (local.get $first) (i32.const 16)))
      (local.set $second (i32.add (local.get $second) (i32.const 16)))
      (local.set $from (i32.add (local.get $from) (i32.const 32)))
      (br_if $sixteen (i32.lt_u (local.get $from) (local.get $end))))))
