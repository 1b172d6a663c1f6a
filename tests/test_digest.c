/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256: FIPS 180-4's examples, in pieces, of texts and of files. */
#include "test.h"

#include "base/digest.h"
#include "base/file.h"

static const char OF_NOTHING[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char OF_ABC[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char OF_56_BYTES[] =
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
static const char OF_A_MILLION[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static const char *digest_of(const void *bytes, size_t n)
{
    static char out[DIGEST_TEXT];
    struct digest d;

    digest_start(&d);
    digest_bytes(&d, bytes, n);
    digest_end(&d, out);
    return out;
}

static void digest_known_answers(void **state)
{
    (void)state;
    const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

    CHECK_TEXT(digest_of(NULL, 0), OF_NOTHING);
    CHECK_TEXT(digest_of("abc", 3), OF_ABC);
    CHECK_TEXT(digest_of(text, 56), OF_56_BYTES);
}

static void pieces_do_not_matter(void **state)
{
    (void)state;
    char a[1000], out[DIGEST_TEXT];
    struct digest d;
    size_t left = 1000000;

    memset(a, 'a', sizeof a);
    digest_start(&d);
    for (size_t piece = 1; left > 0; piece = piece % 997 + 1) {
        const size_t n = piece < left ? piece : left;
        digest_bytes(&d, a, n);
        left -= n;
    }
    digest_end(&d, out);
    CHECK_TEXT(out, OF_A_MILLION);
}

/* Whole blocks take another way than the rest: pieces of all lengths against libmd alone. */
static void blocks_are_those_of_libmd(void **state)
{
    uint8_t bytes[1200], expected[SHA256_DIGEST_LENGTH];
    char found[DIGEST_TEXT], text[DIGEST_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i + i / 7);
    for (size_t n = 0; n <= sizeof bytes; n += 13)
        for (size_t piece = 1; piece <= 400; piece += 57) {
            SHA2_CTX reference;
            struct digest d;

            SHA256Init(&reference);
            SHA256Update(&reference, bytes, n);
            SHA256Final(expected, &reference);
            digest_start(&d);
            for (size_t at = 0; at < n; at += piece)
                digest_bytes(&d, bytes + at, n - at < piece ? n - at : piece);
            digest_end(&d, found);
            for (size_t i = 0; i < sizeof expected; i++)
                snprintf(text + 2 * i, 3, "%02x", expected[i]);
            assert_string_equal(found, text);
        }
}

static void digest_two(const char *first, const char *second, char out[DIGEST_TEXT])
{
    struct digest d;

    digest_start(&d);
    digest_text(&d, first);
    digest_text(&d, second);
    digest_end(&d, out);
}

static void texts_do_not_run_together(void **state)
{
    (void)state;
    char one[DIGEST_TEXT], other[DIGEST_TEXT];

    digest_two("ab", "c", one);
    digest_two("a", "bc", other);
    CHECK_TRUE(strcmp(one, other) != 0);
    CHECK_TEXT(one, digest_of("ab\0c", 5));
}

static void digest_of_files(void **state)
{
    (void)state;
    const char *folder = test_folder();
    static char a[1000000];
    char path[600], out[DIGEST_TEXT];

    snprintf(path, sizeof path, "%s/a", folder);
    memset(a, 'a', sizeof a);
    CHECK_STATUS(file_write(path, a, sizeof a), STATUS_OK);
    CHECK_STATUS(digest_file(path, out), STATUS_OK);
    CHECK_TEXT(out, OF_A_MILLION);
    CHECK_STATUS(file_write(path, "", 0), STATUS_OK);
    CHECK_STATUS(digest_file(path, out), STATUS_OK);
    CHECK_TEXT(out, OF_NOTHING);
    CHECK_STATUS(digest_file(folder, out), STATUS_DATA);
    CHECK_MESSAGE("Is a directory");
    CHECK_STATUS(file_remove_folder(folder), STATUS_OK);
    CHECK_STATUS(digest_file(path, out), STATUS_DATA);
    CHECK_MESSAGE(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_known_answers),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(blocks_are_those_of_libmd),
        cmocka_unit_test(texts_do_not_run_together),
        cmocka_unit_test(digest_of_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
