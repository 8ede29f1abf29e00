-- A store of schema version 2 as the program of that version left it: SQLite's own words for it.
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE journal(
  sequence INTEGER PRIMARY KEY,
  monotonic_us INTEGER NOT NULL,
  wall_us INTEGER NOT NULL,
  kind TEXT NOT NULL,
  command TEXT NOT NULL,
  effects TEXT NOT NULL,
  hash BLOB NOT NULL CHECK(length(hash) = 32)) STRICT;
CREATE TABLE accounts(
  id TEXT PRIMARY KEY,
  guarded INTEGER NOT NULL,
  balance INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0 CHECK(held >= 0),
  credit_line INTEGER NOT NULL CHECK(credit_line >= 0),
  charged INTEGER NOT NULL DEFAULT 0,
  CHECK(guarded = 0 OR balance + credit_line - held >= 0)) STRICT, WITHOUT ROWID;
CREATE TABLE entries(
  id INTEGER PRIMARY KEY,
  journal INTEGER NOT NULL,
  account TEXT NOT NULL REFERENCES accounts(id),
  amount INTEGER NOT NULL CHECK(amount <> 0)) STRICT;
CREATE TABLE holds(
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK(amount >= 0),
  lease INTEGER NOT NULL,
  body BLOB NOT NULL,
  quote TEXT NOT NULL, project TEXT NOT NULL DEFAULT '', key TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
CREATE TABLE records(
  tenant TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  wall_us INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  lease TEXT NOT NULL,
  quote TEXT NOT NULL,
  journal INTEGER NOT NULL,
  hash BLOB NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY(tenant, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE requests(
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  request TEXT NOT NULL,
  body BLOB NOT NULL,
  result TEXT NOT NULL,
  PRIMARY KEY(tenant, kind, request)) STRICT, WITHOUT ROWID;
CREATE TABLE price_books(
  version INTEGER PRIMARY KEY,
  currency TEXT NOT NULL,
  text TEXT NOT NULL) STRICT;
CREATE TABLE tenants(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_us INTEGER NOT NULL,
  invoices INTEGER NOT NULL DEFAULT 0,
  invoiced_sequence INTEGER NOT NULL DEFAULT 0, weight INTEGER NOT NULL DEFAULT 1 CHECK(weight BETWEEN 1 AND 1000)) STRICT, WITHOUT ROWID;
CREATE TABLE keys(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  scopes INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  expires_us INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0, project TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
CREATE TABLE models(
  tenant TEXT NOT NULL REFERENCES tenants(id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  signature TEXT NOT NULL,
  metadata TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  PRIMARY KEY(tenant, id)) STRICT, WITHOUT ROWID;
CREATE TABLE leases(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  request TEXT NOT NULL,
  name TEXT NOT NULL,
  offer TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  term TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  seconds_max INTEGER NOT NULL,
  capacity_price INTEGER NOT NULL,
  work_price INTEGER NOT NULL,
  price_book_version INTEGER NOT NULL,
  quote TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  started_us INTEGER NOT NULL DEFAULT -1,
  stopped_us INTEGER NOT NULL DEFAULT -1,
  ended_us INTEGER NOT NULL DEFAULT -1,
  seconds_used INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL,
  charged INTEGER NOT NULL DEFAULT 0, project TEXT NOT NULL DEFAULT '', key TEXT NOT NULL DEFAULT '', chips INTEGER NOT NULL DEFAULT 1, fence INTEGER NOT NULL DEFAULT 0, requested_us INTEGER NOT NULL DEFAULT 0, wait_until_us INTEGER NOT NULL DEFAULT -1, committed INTEGER NOT NULL DEFAULT 0, moved INTEGER NOT NULL DEFAULT 0, ran_us INTEGER NOT NULL DEFAULT 0, billed_seconds INTEGER NOT NULL DEFAULT 0, notice_seconds INTEGER NOT NULL DEFAULT 0, taken_back_us INTEGER NOT NULL DEFAULT -1) STRICT, WITHOUT ROWID;
CREATE TABLE endpoints(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  name TEXT NOT NULL,
  model TEXT NOT NULL,
  lease TEXT NOT NULL,
  offer TEXT NOT NULL,
  chip TEXT NOT NULL,
  cores INTEGER NOT NULL,
  work_price INTEGER NOT NULL,
  price_book_version INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  batches TEXT NOT NULL,
  preprocessing TEXT NOT NULL,
  labels TEXT NOT NULL,
  created_us INTEGER NOT NULL, project TEXT NOT NULL DEFAULT '',
  UNIQUE(tenant, name)) STRICT, WITHOUT ROWID;
CREATE TABLE events(
  sequence INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  wall_us INTEGER NOT NULL,
  what TEXT NOT NULL, tenant TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE invoices(
  tenant TEXT NOT NULL REFERENCES tenants(id),
  id TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  records INTEGER NOT NULL,
  total_micro INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY(tenant, id)) STRICT, WITHOUT ROWID;
CREATE TABLE projects(
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  name TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  UNIQUE(tenant, name)) STRICT, WITHOUT ROWID;
CREATE TABLE caps(
  subject TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants(id),
  amount INTEGER NOT NULL CHECK(amount >= 0),
  spent INTEGER NOT NULL CHECK(spent >= 0),
  held INTEGER NOT NULL CHECK(held >= 0),
  alerts TEXT NOT NULL,
  alerted INTEGER NOT NULL DEFAULT 0,
  CHECK(spent + held <= amount)) STRICT, WITHOUT ROWID;
CREATE TABLE quotas(
  tenant TEXT PRIMARY KEY REFERENCES tenants(id),
  cores INTEGER NOT NULL,
  leases INTEGER NOT NULL,
  endpoints INTEGER NOT NULL,
  models INTEGER NOT NULL,
  model_bytes INTEGER NOT NULL,
  requests_per_second INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE book_signatures(version INTEGER PRIMARY KEY REFERENCES price_books(version), signature TEXT NOT NULL) STRICT;
CREATE TABLE chips(
  id TEXT PRIMARY KEY,
  chip TEXT NOT NULL,
  position INTEGER NOT NULL,
  cores INTEGER NOT NULL CHECK(cores > 0),
  used INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  CHECK(used >= 0 AND used <= cores)) STRICT, WITHOUT ROWID;
CREATE TABLE places(
  lease TEXT NOT NULL,  -- a lease, or "pool:" and a shared offer
  chip TEXT NOT NULL REFERENCES chips(id),
  cores INTEGER NOT NULL,
  PRIMARY KEY(lease, chip)) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('monotonic_us', 4157000000);
INSERT INTO journal VALUES(1, 1250000, 1795000000250000, 'open_book', '{"version":1,"currency":"USD","text":"version = 1\ncurrency = \"USD\"\n[[offer]]\nid = \"c.1.on_demand\"\nchip = \"c\"\ncores = 1\nterm = \"on_demand\"\ncapacity_micro_per_core_hour = 36\nwork_micro_per_core_hour = 100\nseconds_max = 86400\n[[offer]]\nid = \"c.1.reserved\"\nchip = \"c\"\ncores = 1\nterm = \"reserved\"\ncapacity_micro_per_core_hour = 36\nwork_micro_per_core_hour = 0\nseconds_max = 86400\n[[offer]]\nid = \"c.shared\"\nchip = \"c\"\ncores = 1\nterm = \"shared\"\nwork_micro_per_core_hour = 333\n"}', '', X'6718a8cf1d82f525520cca30f8022143dec53ed205be3717daccfba05c8f3048');
INSERT INTO journal VALUES(2, 1500000, 1795000000500000, 'sign_book', '{"version":1,"signature":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}', '', X'38f3d8f09224f04cdaa168676efc74d2e475b11cabd13c6395442f55b0a347d8');
INSERT INTO journal VALUES(3, 1750000, 1795000000750000, 'create_tenant', '{"id":"tn_operator","name":"operator","credit_line":0}', '', X'8500b99da3605fb9618455d144c0da08d22554f819875c1094cec68dc84d9071');
INSERT INTO journal VALUES(4, 2000000, 1795000001000000, 'create_tenant', '{"id":"tn_a","name":"Acme","credit_line":5000000}', '', X'0050e76abdf5a91a1e2f3bdb8cf126671c24aacc8cc36e01f107452a4f0c8bb4');
INSERT INTO journal VALUES(5, 2250000, 1795000001250000, 'create_tenant', '{"id":"tn_b","name":"Other","credit_line":0}', '', X'f1f4cc8b99409890db6069a719688826bf8d62f52815930a0edbd7d97e84ccba');
INSERT INTO journal VALUES(6, 2500000, 1795000001500000, 'create_project', '{"id":"pr_1","tenant":"tn_a","name":"vision"}', '', X'ae6a1d80f6a8bf6dd04440d1498846f6a8bad088f555d2f27580426bf6061154');
INSERT INTO journal VALUES(7, 2750000, 1795000001750000, 'set_weight', '{"tenant":"tn_b","weight":3}', '', X'35acebf96066fd7b24fe3d7515b85e91a648c1cd05110cfcd9c6bb0c31aec698');
INSERT INTO journal VALUES(8, 3000000, 1795000002000000, 'set_quota', '{"tenant":"tn_b","cores":4,"leases":2,"endpoints":3,"models":4,"model_bytes":1048576,"requests_per_second":50}', '', X'76ce8b7c9c00ccccf82c73cee384744fcb64eb200b72239f718dcc44c192390d');
INSERT INTO journal VALUES(9, 3250000, 1795000002250000, 'create_key', '{"id":"key_1","tenant":"tn_a","name":"first","hash":"5485cb5d03981cc3bd989290a6be33ca392c013279a5c3c3fd10a1cae57e1460","scopes":7,"expires_us":0,"project":"pr_1"}', '', X'1ddc1be2144d685e4cc0c1fcfca2e6e2d2a888d9b2591c7affa5009d4a89cd94');
INSERT INTO journal VALUES(10, 3500000, 1795000002500000, 'create_key', '{"id":"key_2","tenant":"tn_a","name":"second","hash":"ded6c02a4bc1fb712f3b71efcb883ad5b31f4cef6a327b079573143ec9c71fb3","scopes":1,"expires_us":1900000000000000}', '', X'b81d03d04e6620b106dc5099cb72d69c2566a774dbb25665e55b0cf274f39f20');
INSERT INTO journal VALUES(11, 3750000, 1795000002750000, 'revoke_key', '{"id":"key_2"}', '', X'9a99b30c8f05da891e256fb47f3a8907238ba89f0f03b0d11a5b3c44c5f12f77');
INSERT INTO journal VALUES(12, 4000000, 1795000003000000, 'deposit', '{"tenant":"tn_a","request":"d1","amount":40000000}', 'entry operator:cash -40000000
entry tenant:tn_a 40000000
', X'294f95a682c74020d2cfcc9277d212e59df409bb021fdcf4706ef6af1ba74da9');
INSERT INTO journal VALUES(13, 4250000, 1795000003250000, 'deposit', '{"tenant":"tn_b","request":"","amount":7}', 'entry operator:cash -7
entry tenant:tn_b 7
', X'c4a1f36edbcd4559d54fe12c8a17f87920effceabfce7560bf19313396d84f98');
INSERT INTO journal VALUES(14, 4500000, 1795000003500000, 'set_credit_line', '{"tenant":"tn_a","credit_line":1000000}', '', X'9d0cc3bfec8ee82ca579715f464db35594012054636ae83b8d8be4ae3f7d1d0d');
INSERT INTO journal VALUES(15, 4750000, 1795000003750000, 'create_model', '{"tenant":"tn_a","id":"sha256:1","name":"resnet","kind":"onnx","size_bytes":1234,"signature":"{}","metadata":"{}","chip":"","cores":0}', '', X'b7d329888c45f308599c4007d5813f89de43763ba54f5f504b440f09ed39dddb');
INSERT INTO journal VALUES(16, 5000000, 1795000004000000, 'create_model', '{"tenant":"tn_a","id":"sha256:2","name":"old","kind":"onnx","size_bytes":99,"signature":"{}","metadata":"{}","chip":"","cores":0}', '', X'3587fbc5ca3af046eb2d542f8277c04c58edd2e7f7b04e94bd071efcff78a6d7');
INSERT INTO journal VALUES(17, 5250000, 1795000004250000, 'delete_model', '{"tenant":"tn_a","id":"sha256:2"}', '', X'907f203d8cfe5f81407f456dcf6b1be880556d6eca86e0252e2f36da25ebce4a');
INSERT INTO journal VALUES(18, 5500000, 1795000004500000, 'register_chip', '{"id":"c.0","chip":"c","position":0,"cores":2}', '', X'9cb9a641ecbda7410f8317b83d59833b775943d83825ba3aa544e0d8a3a45b23');
INSERT INTO journal VALUES(19, 5750000, 1795000004750000, 'register_chip', '{"id":"c.1","chip":"c","position":1,"cores":2}', '', X'7d73c53fb6ac9c751136b1acf781cb922e6a5f76ba76d006a4490ffef23e28e8');
INSERT INTO journal VALUES(20, 6000000, 1795000005000000, 'register_chip', '{"id":"c.2","chip":"c","position":2,"cores":2}', '', X'e80867b8eacf93c39f3dea7e0b16135dccb5e6b8aa2e1d1653934468df644799');
INSERT INTO journal VALUES(21, 6250000, 1795000005250000, 'set_cap', '{"tenant":"tn_a","subject":"pr_1","amount":3000000,"alerts":"50,100"}', '', X'91ca4030902a69449043c53dc424b85bcdf83da9676b95f41443d4d4679a75b6');
INSERT INTO journal VALUES(22, 6500000, 1795000005500000, 'set_cap', '{"tenant":"tn_a","subject":"key_1","amount":30000000,"alerts":""}', '', X'9e5a3be59f3e5d8a1abc5fa9600aede46adbc7043771cc203e0c7fa34116148a');
INSERT INTO journal VALUES(23, 6750000, 1795000005750000, 'open_pool', '{"offer":"c.shared","chip":"c","cores":1}', '', X'8b5dd37f35ba26c61251005c0304f6c2473d1ea2605511d6ac56c402246524cf');
INSERT INTO journal VALUES(24, 7000000, 1795000006000000, 'request_lease', '{"id":"ls_1","tenant":"tn_a","request":"want ls_1","body":"d6f6f90a71115e470c9626bdc838fb4f23dd38610756be5f53d9df6cab8b466c","name":"a lease","offer":"c.1.on_demand","chip":"c","cores":1,"term":"on_demand","seconds_max":60,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":600,"quote":"q_lease","project":"pr_1","key":"key_1","cores_most":8,"leases_most":8}', '', X'd9d02eee2572455b02cee8dcd0f7e264a6bb2c688b1e951d406779d3bcb4c667');
INSERT INTO journal VALUES(25, 8250000, 1795000007250000, 'activate_lease', '{"id":"ls_1","fence":24}', '', X'2827d87de5a039d5d1b69dba1c786792df9ea61fe6f58d3c4aa5002ff7d15834');
INSERT INTO journal VALUES(26, 8500000, 1795000007500000, 'create_endpoint', '{"id":"ep_1","tenant":"tn_a","name":"leased","model":"sha256:1","lease":"ls_1","offer":"c.1.on_demand","chip":"c","cores":1,"work_price":100,"price_book_version":1,"batches":"1","preprocessing":"","labels":""}', '', X'543e7c29b0094dae2c6f317dd75adfd20c8bbac5767093a8fe5c91ba4b1486f9');
INSERT INTO journal VALUES(27, 8750000, 1795000007750000, 'create_endpoint', '{"id":"ep_2","tenant":"tn_a","name":"shared","model":"sha256:1","lease":"","offer":"c.shared","chip":"c","cores":1,"work_price":333,"price_book_version":1,"batches":"1","preprocessing":"","labels":""}', '', X'83d76a492b22b6447a4bf5effb42e9ee08da0de9e0154c797a920dde2de30526');
INSERT INTO journal VALUES(28, 9000000, 1795000008000000, 'set_endpoint_state', '{"id":"ep_1","state":"ready","reason":""}', '', X'c00482f061119a034f3080440b9155c138de97b6d4e392167e3bfe9bb9036aaf');
INSERT INTO journal VALUES(29, 9250000, 1795000008250000, 'set_endpoint_state', '{"id":"ep_2","state":"ready","reason":""}', '', X'4202cfce66ae026355d2841b1c6bc4a131429b7a0a625a714a10be6762d9d13d');
INSERT INTO journal VALUES(30, 9500000, 1795000008500000, 'hold_work', '{"tenant":"tn_a","request":"r1","named":1,"body":"ef88c760a39c1bf15cefaf94ef8642628bd3385367ab84aab694bdd0048910dd","amount":1004,"quote":"","project":"pr_1","key":"key_1"}', '', X'f69cc9bd025610f303e2a649fc5784793f37c4338438f681bc0a33388fa10e51');
INSERT INTO journal VALUES(31, 10750000, 1795000009750000, 'post_work', '{"tenant":"tn_a","request":"r1","named":1,"endpoint":"ep_1","lease":"ls_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":36123,"picojoules":252861,"price_book_version":1,"work_price":100,"quote":"","project":"pr_1","key":"key_1","fence":24}', 'entry tenant:tn_a -1004
entry operator:revenue 1004
record tn_a 1 e957a17263e03f335cab51a48ea5e6f67c1da230d5f097116b33c7de945f3593
', X'5c1d5f2aed611b9053facfe047b7857fc70f03d2abdd1940b07cb03beea5a3e2');
INSERT INTO journal VALUES(32, 11000000, 1795000010000000, 'hold_work', '{"tenant":"tn_a","request":"rq_2","named":0,"body":"4db81139caa11a1ef684f414df5b777a027afacbeb915e7ccc8f2df2b86f31ba","amount":463,"quote":"","project":"pr_1","key":"key_1"}', '', X'67be1e3b2757ea13d897db7085e23e60aacd59ca62365303387a0a92e2ff387e');
INSERT INTO journal VALUES(33, 12250000, 1795000011250000, 'post_work', '{"tenant":"tn_a","request":"rq_2","named":0,"endpoint":"ep_2","lease":"","offer":"c.shared","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":5001,"picojoules":35007,"price_book_version":1,"work_price":333,"quote":"","project":"pr_1","key":"key_1"}', 'entry tenant:tn_a -463
entry operator:revenue 463
record tn_a 2 ff049acb8270f49af725674df132d9430467ba35670bcfa7218f0db10a18bcd5
', X'aeb495084cad2f5ba3791930656ad942548f27ca7d2103193915ff93a085916a');
INSERT INTO journal VALUES(34, 12500000, 1795000011500000, 'hold_work', '{"tenant":"tn_a","request":"r3","named":1,"body":"f56c2ede5b51d045e76842d9f955399f91099e828a0a6e2fb947f91ae2aea2fb","amount":72,"quote":"q_work","project":"pr_1","key":"key_1"}', '', X'1d565a38908efdcfdfe2b8e70c56495f8a4c12d3e533182dee61c93cd5434123');
INSERT INTO journal VALUES(35, 13750000, 1795000012750000, 'post_work', '{"tenant":"tn_a","request":"r3","named":1,"endpoint":"ep_2","lease":"","offer":"c.shared","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":777,"picojoules":5439,"price_book_version":1,"work_price":333,"quote":"q_work","project":"pr_1","key":"key_1"}', 'entry tenant:tn_a -72
entry operator:revenue 72
record tn_a 3 504802092192f0405a45e3b3981ebea05748fa6bfb5a1092950733a9268092c5
', X'da653551685c594a88a9921b5611eae076999011fcfdeebddcfb3f2d2b9d7e4b');
INSERT INTO journal VALUES(36, 14000000, 1795000013000000, 'hold_work', '{"tenant":"tn_a","request":"r4","named":1,"body":"4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a","amount":1000,"quote":""}', '', X'7a832d71c80806258f46f44e9a56d8f2f404383195e6920f87b854bc924aa13c');
INSERT INTO journal VALUES(37, 14250000, 1795000013250000, 'void_work', '{"tenant":"tn_a","request":"r4"}', '', X'69bf8816225119babed6345ec4f4a79447144dfd6991ff3e69b7350c7ee744f3');
INSERT INTO journal VALUES(38, 23500000, 1795000022500000, 'meter_lease', '{"id":"ls_1"}', 'entry tenant:tn_a -150
entry operator:revenue 150
record tn_a 4 a8ea04cd1223dd9c6c0bd66506f1616c50fdf4eeda81df298001aef8e1fdf2da
', X'448543a2545f27a692fa5670057c357438cc48d65bd55ed7ce4e8f39e0615a6a');
INSERT INTO journal VALUES(39, 23750000, 1795000022750000, 'extend_lease', '{"id":"ls_1","tenant":"tn_a","request":"longer","seconds":30,"seconds_max":86400}', '', X'71ec04b237ee16c4327d56815eb7956ec8bc89fccd4fcf141f68e1956fd8afb8');
INSERT INTO journal VALUES(40, 24000000, 1795000023000000, 'move_lease', '{"id":"ls_1","tenant":"tn_a","request":"elsewhere"}', '', X'f91eb99d2ea6da471d5065994657395f84fd1a50d63110709ae6e4bb6a57a05a');
INSERT INTO journal VALUES(41, 24250000, 1795000023250000, 'activate_lease', '{"id":"ls_1","fence":40}', '', X'bbd4fbcaae2e7f1d547f2434dd39d281338940a2a4037672b678b472d50ab640');
INSERT INTO journal VALUES(42, 24500000, 1795000023500000, 'hold_work', '{"tenant":"tn_a","request":"rq_5","named":0,"body":"daf53c6c5b6c99eaa52ad7b2a138e8215dcea75182d65b694e2a47170b8813d2","amount":2500,"quote":"","project":"pr_1","key":"key_1"}', '', X'f1eb45504c9644b0519fa2361642bcb118557c5696bbad3e517c66d91ab38eca');
INSERT INTO journal VALUES(43, 25750000, 1795000024750000, 'post_work', '{"tenant":"tn_a","request":"rq_5","named":0,"endpoint":"ep_1","lease":"ls_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":90000,"picojoules":630000,"price_book_version":1,"work_price":100,"quote":"","project":"pr_1","key":"key_1","fence":40}', 'entry tenant:tn_a -2500
entry operator:revenue 2500
record tn_a 5 9ce3c740366800c2110da36ba4ac661e56ea2d9215c1b7f0361d3b44daa8dfe8
', X'df5fdd8f73c528fce17a5d452d2213b625cb1311b61b12a1b666adb07dbb0e9d');
INSERT INTO journal VALUES(44, 26000000, 1795000025000000, 'store_invoice', '{"id":"inv_tn_a_1","tenant":"tn_a","request":"bill 1","first_sequence":1,"last_sequence":5,"records":5,"total_micro":3,"rounding":1189,"json":"{\n  \"invoice\": \"inv_tn_a_1\",\n  \"tenant\": \"tn_a\",\n  \"currency\": \"USD\",\n  \"created_at\": \"2026-11-18T11:07:04.750000Z\",\n  \"period_from\": \"2026-11-18T11:06:49.750000Z\",\n  \"period_to\": \"2026-11-18T11:07:04.750000Z\",\n  \"price_books\": [\n    {\"version\": 1, \"sha256\": \"085f0fb266b08dbf3d3ba156eade499e931ef68fa98f51c9a5ef5d7da7e966b4\"}\n  ],\n  \"lines\": [\n    {\"kind\": \"capacity\", \"subject\": \"ls_1\", \"project\": \"pr_1\", \"offer\": \"c.1.on_demand\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 36, \"count\": 1, \"seconds\": 15, \"cycles\": 0, \"picojoules\": 0, \"exact_nano\": 150, \"amount_micro\": 0},\n    {\"kind\": \"work\", \"subject\": \"ep_1\", \"project\": \"pr_1\", \"offer\": \"c.1.on_demand\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 100, \"count\": 2, \"seconds\": 0, \"cycles\": 126123, \"picojoules\": 882861, \"exact_nano\": 3504, \"amount_micro\": 3},\n    {\"kind\": \"work\", \"subject\": \"ep_2\", \"project\": \"pr_1\", \"offer\": \"c.shared\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 333, \"count\": 2, \"seconds\": 0, \"cycles\": 5778, \"picojoules\": 40446, \"exact_nano\": 535, \"amount_micro\": 0}\n  ],\n  \"records\": 5,\n  \"first_sequence\": 1,\n  \"last_sequence\": 5,\n  \"chain_before\": \"0000000000000000000000000000000000000000000000000000000000000000\",\n  \"chain_after\": \"9ce3c740366800c2110da36ba4ac661e56ea2d9215c1b7f0361d3b44daa8dfe8\",\n  \"records_sha256\": \"f726151b5e74d8d63f235a5e3ad1bfbfc804b5b4678765d50b684978be88854e\",\n  \"exact_nano\": 4189,\n  \"rounding_nano\": 1189,\n  \"total_micro\": 3,\n  \"total\": \"0.000003\",\n  \"sha256\": \"0a790bdef5c5ede710f0bf079740b66e38b0d788da3e3c1cfab615003979713e\"\n}\n"}', 'entry operator:rounding -1189
entry tenant:tn_a 1189
', X'ec3e647adb9106b32514e51461264467290675ab8258516e1f4f6a1d92f304dc');
INSERT INTO journal VALUES(45, 46250000, 1795000045250000, 'drain_lease', '{"id":"ls_1","reason":"released"}', '', X'3034f62458514ee7bf958cd3a73ce0157941c6ba129153e2ced900b6fd7c4ac5');
INSERT INTO journal VALUES(46, 46500000, 1795000045500000, 'end_lease', '{"id":"ls_1","failed":0,"reason":""}', 'entry tenant:tn_a -230
entry operator:revenue 230
record tn_a 6 64437eb3ce8983c4cefe23c38a69556e125414040a82ccf62c1bbc2eed0d9097
', X'003223dd082d873aab1d65d892a54b91559d1c2567a28af6bb79b65477417af2');
INSERT INTO journal VALUES(47, 46750000, 1795000045750000, 'request_lease', '{"id":"ls_2","tenant":"tn_a","request":"want ls_2","body":"8e7bb54f183d96d4c14ae769d109835bbf6048db3fdfd6d00aa10dd1700da0bd","name":"a lease","offer":"c.1.reserved","chip":"c","cores":1,"term":"reserved","seconds_max":4000,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":72000,"quote":"","project":"pr_1","key":"key_1","cores_most":8,"leases_most":8}', '', X'f14faaa6662d43547ab869a0e910cb8916ba862e1dba91100541ca3e98fd0864');
INSERT INTO journal VALUES(48, 47000000, 1795000046000000, 'activate_lease', '{"id":"ls_2","fence":47}', '', X'163cbc1f1a2cc2a8d7a1aa786dac5a4ea5c5653916ecf3d6d74317d9a12996bb');
INSERT INTO journal VALUES(49, 4147250000, 1795004146250000, 'end_lease', '{"id":"ls_2","failed":0,"reason":"its longest time is over"}', 'entry tenant:tn_a -72000
entry operator:revenue 72000
record tn_a 7 d5b1fd69fd85f874fafa33c637f1bfd1389a7f5df5350fcea7b84a62f3cec315
', X'b82cd686c63959dfaea8f57e5928c695cf82a2205721ec35122f8501aa9e2a39');
INSERT INTO journal VALUES(50, 4147500000, 1795004146500000, 'request_lease', '{"id":"ls_3","tenant":"tn_a","request":"want ls_3","body":"c008edf0fc7a30776f46da3545fdf91b2be3185b889ab3ac2550b2718c121c85","name":"a lease","offer":"c.1.on_demand","chip":"c","cores":1,"term":"on_demand","seconds_max":600,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":6000,"quote":"","project":"pr_1","key":"key_1","cores_most":8,"leases_most":8}', '', X'a83993776fb12c8cfe640f9a47bc2f422d611e3d719a9fdd97ebdf4e7f3cb1f6');
INSERT INTO journal VALUES(51, 4147750000, 1795004146750000, 'end_lease', '{"id":"ls_3","failed":1,"reason":"no core came up"}', '', X'918ad0330ab0355cbdd48231086a7ead8e9343bb75f78aebe9982b8a0231d571');
INSERT INTO journal VALUES(52, 4148000000, 1795004147000000, 'credit', '{"tenant":"tn_a","request":"sorry","amount":2345,"note":"an hour without answers"}', 'entry operator:revenue -2345
entry tenant:tn_a 2345
record tn_a 8 157728986e7d6e5a26e39e1a6b76cc96e79b423a09c47642527b768b8b3883b4
', X'c25aaade71ffec55d81ab1400131104fc222ea1946809bd584d2c0194d454f01');
INSERT INTO journal VALUES(53, 4148250000, 1795004147250000, 'request_lease', '{"id":"ls_5","tenant":"tn_a","request":"want ls_5","body":"b0823ed10aa382505f0bab1674715a2846a60318a4e723923e1987b5f52009f9","name":"a lease","offer":"c.1.spot","chip":"c","cores":1,"term":"spot","seconds_max":300,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":3000,"quote":"","project":"pr_1","key":"key_1","notice_seconds":60,"cores_most":8,"leases_most":8}', '', X'72dd1800e7f39350eb04ca482e29836508bae4bf9a56d79587490b14ed0e2f00');
INSERT INTO journal VALUES(54, 4148500000, 1795004147500000, 'activate_lease', '{"id":"ls_5","fence":53}', '', X'76ca0995120f0ac96dc354109968f2812102d709ce431e494b3bb56d1fac05a0');
INSERT INTO journal VALUES(55, 4148750000, 1795004147750000, 'set_chip_state', '{"id":"c.1","state":"failed","reason":"its self-test"}', '', X'7971bc0c3c3acd806967a649f2f6ff089a6de65d1e3c64ed106afec4ccfe7802');
INSERT INTO journal VALUES(56, 4149000000, 1795004148000000, 'store_invoice', '{"id":"inv_tn_a_2","tenant":"tn_a","request":"bill 2","first_sequence":6,"last_sequence":8,"records":3,"total_micro":69,"rounding":885,"json":"{\n  \"invoice\": \"inv_tn_a_2\",\n  \"tenant\": \"tn_a\",\n  \"currency\": \"USD\",\n  \"created_at\": \"2026-11-18T12:15:47.750000Z\",\n  \"period_from\": \"2026-11-18T11:07:25.500000Z\",\n  \"period_to\": \"2026-11-18T12:15:47.000000Z\",\n  \"price_books\": [\n    {\"version\": 1, \"sha256\": \"085f0fb266b08dbf3d3ba156eade499e931ef68fa98f51c9a5ef5d7da7e966b4\"}\n  ],\n  \"lines\": [\n    {\"kind\": \"capacity\", \"subject\": \"ls_1\", \"project\": \"pr_1\", \"offer\": \"c.1.on_demand\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 36, \"count\": 1, \"seconds\": 23, \"cycles\": 0, \"picojoules\": 0, \"exact_nano\": 230, \"amount_micro\": 0},\n    {\"kind\": \"capacity\", \"subject\": \"ls_2\", \"project\": \"pr_1\", \"offer\": \"c.1.reserved\", \"chip\": \"c\", \"cores\": 1, \"price_book_version\": 1, \"micro_per_core_hour\": 36, \"count\": 1, \"seconds\": 7200, \"cycles\": 0, \"picojoules\": 0, \"exact_nano\": 72000, \"amount_micro\": 72},\n    {\"kind\": \"adjustment\", \"subject\": \"an hour without answers\", \"offer\": \"\", \"chip\": \"\", \"cores\": 1, \"price_book_version\": 0, \"micro_per_core_hour\": 0, \"count\": 1, \"seconds\": 0, \"cycles\": 0, \"picojoules\": 0, \"exact_nano\": -2345, \"amount_micro\": -3}\n  ],\n  \"records\": 3,\n  \"first_sequence\": 6,\n  \"last_sequence\": 8,\n  \"chain_before\": \"9ce3c740366800c2110da36ba4ac661e56ea2d9215c1b7f0361d3b44daa8dfe8\",\n  \"chain_after\": \"157728986e7d6e5a26e39e1a6b76cc96e79b423a09c47642527b768b8b3883b4\",\n  \"records_sha256\": \"2e8b03b3984f72f0b536f3700b9dd6af0ce82b464d9e72119cac0cb0a5d4b5b0\",\n  \"exact_nano\": 69885,\n  \"rounding_nano\": 885,\n  \"total_micro\": 69,\n  \"total\": \"0.000069\",\n  \"sha256\": \"96837ff75cce6d4f8d037b9d45801dbd9a710e12afdf7a15b9ff57fa3c9dbfce\"\n}\n"}', 'entry operator:rounding -885
entry tenant:tn_a 885
', X'f4dc5f92444abc7f3993d4abaa00ff1ae1b105fb43ec9bd5b2538c37adb07e94');
INSERT INTO journal VALUES(57, 4149250000, 1795004148250000, 'delete_endpoint', '{"id":"ep_1"}', '', X'd5addef83d1b9f5a67c1da1d68a6362186fcb34a485ea9db6205995d299f4c0b');
INSERT INTO journal VALUES(58, 4149500000, 1795004148500000, 'request_lease', '{"id":"ls_4","tenant":"tn_a","request":"want ls_4","body":"dda1fcc6df073a74ae410f7a5eb19c7303385d1be56117012ee8721b1e66e771","name":"a lease","offer":"c.1.on_demand","chip":"c","cores":1,"term":"on_demand","seconds_max":7200,"capacity_price":36,"work_price":100,"price_book_version":1,"hold":72000,"quote":"","project":"pr_1","key":"key_1","cores_most":8,"leases_most":8}', '', X'52031237cb8f8e7eaf237768e962bdf85cf02fd6c908d390069163eeee4cb80b');
INSERT INTO journal VALUES(59, 4149750000, 1795004148750000, 'activate_lease', '{"id":"ls_4","fence":58}', '', X'1ea5fcd9398daa981401207e72d6848ce8ab8342dea4a507fcfa44bc3a09c610');
INSERT INTO journal VALUES(60, 4157000000, 1795004156000000, 'hold_work', '{"tenant":"tn_a","request":"cut off","named":1,"body":"ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d","amount":1500,"quote":""}', '', X'1de0d03883fa1d6881b2d8e95e642b32ee21d0aec994ad8eee0b46a1fa7bc0f6');
INSERT INTO accounts VALUES('operator:cash', 0, -40000007, 0, 0, 0);
INSERT INTO accounts VALUES('operator:revenue', 0, 74074, 0, 0, 0);
INSERT INTO accounts VALUES('operator:rounding', 0, -2074, 0, 0, 0);
INSERT INTO accounts VALUES('tenant:tn_a', 1, 39928000, 76500, 1000000, 72000);
INSERT INTO accounts VALUES('tenant:tn_b', 1, 7, 0, 0, 0);
INSERT INTO accounts VALUES('tenant:tn_operator', 1, 0, 0, 0, 0);
INSERT INTO entries VALUES(1, 12, 'operator:cash', -40000000);
INSERT INTO entries VALUES(2, 12, 'tenant:tn_a', 40000000);
INSERT INTO entries VALUES(3, 13, 'operator:cash', -7);
INSERT INTO entries VALUES(4, 13, 'tenant:tn_b', 7);
INSERT INTO entries VALUES(5, 31, 'tenant:tn_a', -1004);
INSERT INTO entries VALUES(6, 31, 'operator:revenue', 1004);
INSERT INTO entries VALUES(7, 33, 'tenant:tn_a', -463);
INSERT INTO entries VALUES(8, 33, 'operator:revenue', 463);
INSERT INTO entries VALUES(9, 35, 'tenant:tn_a', -72);
INSERT INTO entries VALUES(10, 35, 'operator:revenue', 72);
INSERT INTO entries VALUES(11, 38, 'tenant:tn_a', -150);
INSERT INTO entries VALUES(12, 38, 'operator:revenue', 150);
INSERT INTO entries VALUES(13, 43, 'tenant:tn_a', -2500);
INSERT INTO entries VALUES(14, 43, 'operator:revenue', 2500);
INSERT INTO entries VALUES(15, 44, 'operator:rounding', -1189);
INSERT INTO entries VALUES(16, 44, 'tenant:tn_a', 1189);
INSERT INTO entries VALUES(17, 46, 'tenant:tn_a', -230);
INSERT INTO entries VALUES(18, 46, 'operator:revenue', 230);
INSERT INTO entries VALUES(19, 49, 'tenant:tn_a', -72000);
INSERT INTO entries VALUES(20, 49, 'operator:revenue', 72000);
INSERT INTO entries VALUES(21, 52, 'operator:revenue', -2345);
INSERT INTO entries VALUES(22, 52, 'tenant:tn_a', 2345);
INSERT INTO entries VALUES(23, 56, 'operator:rounding', -885);
INSERT INTO entries VALUES(24, 56, 'tenant:tn_a', 885);
INSERT INTO holds VALUES('lease:ls_4', 'tenant:tn_a', 72000, 1, X'dda1fcc6df073a74ae410f7a5eb19c7303385d1be56117012ee8721b1e66e771', '', 'pr_1', 'key_1');
INSERT INTO holds VALUES('lease:ls_5', 'tenant:tn_a', 3000, 1, X'b0823ed10aa382505f0bab1674715a2846a60318a4e723923e1987b5f52009f9', '', 'pr_1', 'key_1');
INSERT INTO holds VALUES('work:tn_a:cut off', 'tenant:tn_a', 1500, 0, X'ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d', '', '', '');
INSERT INTO records VALUES('tn_a', 1, 1795000009750000, 'ep_1', 'ls_1', '', 31, X'e957a17263e03f335cab51a48ea5e6f67c1da230d5f097116b33c7de945f3593', '{"sequence":1,"tenant":"tn_a","kind":"work","request":"r1","endpoint":"ep_1","lease":"ls_1","project":"pr_1","key":"key_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":36123,"picojoules":252861,"seconds":0,"price_book_version":1,"micro_per_core_hour":100,"price_nano":1004,"quote":"","monotonic_us":10750000,"at":"2026-11-18T11:06:49.750000Z","previous":"0000000000000000000000000000000000000000000000000000000000000000","hash":"e957a17263e03f335cab51a48ea5e6f67c1da230d5f097116b33c7de945f3593"}');
INSERT INTO records VALUES('tn_a', 2, 1795000011250000, 'ep_2', '', '', 33, X'ff049acb8270f49af725674df132d9430467ba35670bcfa7218f0db10a18bcd5', '{"sequence":2,"tenant":"tn_a","kind":"work","request":"rq_2","endpoint":"ep_2","lease":"","project":"pr_1","key":"key_1","offer":"c.shared","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":5001,"picojoules":35007,"seconds":0,"price_book_version":1,"micro_per_core_hour":333,"price_nano":463,"quote":"","monotonic_us":12250000,"at":"2026-11-18T11:06:51.250000Z","previous":"e957a17263e03f335cab51a48ea5e6f67c1da230d5f097116b33c7de945f3593","hash":"ff049acb8270f49af725674df132d9430467ba35670bcfa7218f0db10a18bcd5"}');
INSERT INTO records VALUES('tn_a', 3, 1795000012750000, 'ep_2', '', 'q_work', 35, X'504802092192f0405a45e3b3981ebea05748fa6bfb5a1092950733a9268092c5', '{"sequence":3,"tenant":"tn_a","kind":"work","request":"r3","endpoint":"ep_2","lease":"","project":"pr_1","key":"key_1","offer":"c.shared","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":777,"picojoules":5439,"seconds":0,"price_book_version":1,"micro_per_core_hour":333,"price_nano":72,"quote":"q_work","monotonic_us":13750000,"at":"2026-11-18T11:06:52.750000Z","previous":"ff049acb8270f49af725674df132d9430467ba35670bcfa7218f0db10a18bcd5","hash":"504802092192f0405a45e3b3981ebea05748fa6bfb5a1092950733a9268092c5"}');
INSERT INTO records VALUES('tn_a', 4, 1795000022500000, '', 'ls_1', 'q_lease', 38, X'a8ea04cd1223dd9c6c0bd66506f1616c50fdf4eeda81df298001aef8e1fdf2da', '{"sequence":4,"tenant":"tn_a","kind":"capacity","request":"ls_1","endpoint":"","lease":"ls_1","project":"pr_1","key":"key_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":0,"executable":"0000000000000000000000000000000000000000000000000000000000000000","batch":0,"cycles":0,"picojoules":0,"seconds":15,"price_book_version":1,"micro_per_core_hour":36,"price_nano":150,"quote":"q_lease","monotonic_us":23500000,"at":"2026-11-18T11:07:02.500000Z","previous":"504802092192f0405a45e3b3981ebea05748fa6bfb5a1092950733a9268092c5","hash":"a8ea04cd1223dd9c6c0bd66506f1616c50fdf4eeda81df298001aef8e1fdf2da"}');
INSERT INTO records VALUES('tn_a', 5, 1795000024750000, 'ep_1', 'ls_1', '', 43, X'9ce3c740366800c2110da36ba4ac661e56ea2d9215c1b7f0361d3b44daa8dfe8', '{"sequence":5,"tenant":"tn_a","kind":"work","request":"rq_5","endpoint":"ep_1","lease":"ls_1","project":"pr_1","key":"key_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":1000,"executable":"1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8","batch":1,"cycles":90000,"picojoules":630000,"seconds":0,"price_book_version":1,"micro_per_core_hour":100,"price_nano":2500,"quote":"","monotonic_us":25750000,"at":"2026-11-18T11:07:04.750000Z","previous":"a8ea04cd1223dd9c6c0bd66506f1616c50fdf4eeda81df298001aef8e1fdf2da","hash":"9ce3c740366800c2110da36ba4ac661e56ea2d9215c1b7f0361d3b44daa8dfe8"}');
INSERT INTO records VALUES('tn_a', 6, 1795000045500000, '', 'ls_1', '', 46, X'64437eb3ce8983c4cefe23c38a69556e125414040a82ccf62c1bbc2eed0d9097', '{"sequence":6,"tenant":"tn_a","kind":"capacity","request":"ls_1","endpoint":"","lease":"ls_1","project":"pr_1","key":"key_1","offer":"c.1.on_demand","chip":"c","cores":1,"clock_hz":0,"executable":"0000000000000000000000000000000000000000000000000000000000000000","batch":0,"cycles":0,"picojoules":0,"seconds":23,"seconds_before":15,"price_book_version":1,"micro_per_core_hour":36,"price_nano":230,"quote":"","monotonic_us":46500000,"at":"2026-11-18T11:07:25.500000Z","previous":"9ce3c740366800c2110da36ba4ac661e56ea2d9215c1b7f0361d3b44daa8dfe8","hash":"64437eb3ce8983c4cefe23c38a69556e125414040a82ccf62c1bbc2eed0d9097"}');
INSERT INTO records VALUES('tn_a', 7, 1795004146250000, '', 'ls_2', '', 49, X'd5b1fd69fd85f874fafa33c637f1bfd1389a7f5df5350fcea7b84a62f3cec315', '{"sequence":7,"tenant":"tn_a","kind":"capacity","request":"ls_2","endpoint":"","lease":"ls_2","project":"pr_1","key":"key_1","offer":"c.1.reserved","chip":"c","cores":1,"clock_hz":0,"executable":"0000000000000000000000000000000000000000000000000000000000000000","batch":0,"cycles":0,"picojoules":0,"seconds":7200,"price_book_version":1,"micro_per_core_hour":36,"price_nano":72000,"quote":"","monotonic_us":4147250000,"at":"2026-11-18T12:15:46.250000Z","previous":"64437eb3ce8983c4cefe23c38a69556e125414040a82ccf62c1bbc2eed0d9097","hash":"d5b1fd69fd85f874fafa33c637f1bfd1389a7f5df5350fcea7b84a62f3cec315"}');
INSERT INTO records VALUES('tn_a', 8, 1795004147000000, '', '', '', 52, X'157728986e7d6e5a26e39e1a6b76cc96e79b423a09c47642527b768b8b3883b4', '{"sequence":8,"tenant":"tn_a","kind":"adjustment","request":"sorry","endpoint":"","lease":"","offer":"","chip":"","cores":1,"clock_hz":0,"executable":"0000000000000000000000000000000000000000000000000000000000000000","batch":0,"cycles":0,"picojoules":0,"seconds":0,"note":"an hour without answers","price_book_version":0,"micro_per_core_hour":0,"price_nano":-2345,"quote":"","monotonic_us":4148000000,"at":"2026-11-18T12:15:47.000000Z","previous":"d5b1fd69fd85f874fafa33c637f1bfd1389a7f5df5350fcea7b84a62f3cec315","hash":"157728986e7d6e5a26e39e1a6b76cc96e79b423a09c47642527b768b8b3883b4"}');
INSERT INTO requests VALUES('tn_a', 'credit', 'sorry', X'0ee4485a85be57815c4ecf5bf3cafa46982c37db49922d2282eda3479b3958f6', '8');
INSERT INTO requests VALUES('tn_a', 'deposit', 'd1', X'745cce879aa4a82e05b530b97558450e0bdd19b17ea337df4b26b5b7759aa1a7', 'done');
INSERT INTO requests VALUES('tn_a', 'extend', 'longer', X'5fdccee7be0dede3c6c874ee12569baa7cfdb7e43544a5c555cf08db4c4d5cf8', 'ls_1');
INSERT INTO requests VALUES('tn_a', 'infer', 'r1', X'ef88c760a39c1bf15cefaf94ef8642628bd3385367ab84aab694bdd0048910dd', '1');
INSERT INTO requests VALUES('tn_a', 'infer', 'r3', X'f56c2ede5b51d045e76842d9f955399f91099e828a0a6e2fb947f91ae2aea2fb', '3');
INSERT INTO requests VALUES('tn_a', 'invoice', 'bill 1', X'52d6e3de4fa0dcc29946695f93940c3e7f26f30e1e39f4b1a49ad98839112786', 'inv_tn_a_1');
INSERT INTO requests VALUES('tn_a', 'invoice', 'bill 2', X'52d6e3de4fa0dcc29946695f93940c3e7f26f30e1e39f4b1a49ad98839112786', 'inv_tn_a_2');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_1', X'd6f6f90a71115e470c9626bdc838fb4f23dd38610756be5f53d9df6cab8b466c', 'ls_1');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_2', X'8e7bb54f183d96d4c14ae769d109835bbf6048db3fdfd6d00aa10dd1700da0bd', 'ls_2');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_3', X'c008edf0fc7a30776f46da3545fdf91b2be3185b889ab3ac2550b2718c121c85', 'ls_3');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_4', X'dda1fcc6df073a74ae410f7a5eb19c7303385d1be56117012ee8721b1e66e771', 'ls_4');
INSERT INTO requests VALUES('tn_a', 'lease', 'want ls_5', X'b0823ed10aa382505f0bab1674715a2846a60318a4e723923e1987b5f52009f9', 'ls_5');
INSERT INTO requests VALUES('tn_a', 'move', 'elsewhere', X'd6f6f90a71115e470c9626bdc838fb4f23dd38610756be5f53d9df6cab8b466c', 'ls_1');
INSERT INTO price_books VALUES(1, 'USD', 'version = 1
currency = "USD"
[[offer]]
id = "c.1.on_demand"
chip = "c"
cores = 1
term = "on_demand"
capacity_micro_per_core_hour = 36
work_micro_per_core_hour = 100
seconds_max = 86400
[[offer]]
id = "c.1.reserved"
chip = "c"
cores = 1
term = "reserved"
capacity_micro_per_core_hour = 36
work_micro_per_core_hour = 0
seconds_max = 86400
[[offer]]
id = "c.shared"
chip = "c"
cores = 1
term = "shared"
work_micro_per_core_hour = 333
');
INSERT INTO tenants VALUES('tn_a', 'Acme', 1795000001000000, 2, 8, 1);
INSERT INTO tenants VALUES('tn_b', 'Other', 1795000001250000, 0, 0, 3);
INSERT INTO tenants VALUES('tn_operator', 'operator', 1795000000750000, 0, 0, 1);
INSERT INTO keys VALUES('key_1', 'tn_a', 'first', X'5485cb5d03981cc3bd989290a6be33ca392c013279a5c3c3fd10a1cae57e1460', 7, 1795000002250000, 0, 0, 'pr_1');
INSERT INTO keys VALUES('key_2', 'tn_a', 'second', X'ded6c02a4bc1fb712f3b71efcb883ad5b31f4cef6a327b079573143ec9c71fb3', 1, 1795000002500000, 1900000000000000, 1, '');
INSERT INTO models VALUES('tn_a', 'sha256:1', 'resnet', 'onnx', 1234, '{}', '{}', '', 0, 1795000003750000);
INSERT INTO leases VALUES('ls_1', 'tn_a', 'want ls_1', 'a lease', 'c.1.on_demand', 'c', 1, 'on_demand', 'ended', 'released', 90, 36, 100, 1, 'q_lease', 1795000006000000, -1, -1, 1795000045500000, 38, 0, 380, 'pr_1', 'key_1', 1, 40, 7000000, 7000000, 0, 0, 37750000, 38, 0, -1);
INSERT INTO leases VALUES('ls_2', 'tn_a', 'want ls_2', 'a lease', 'c.1.reserved', 'c', 1, 'reserved', 'ended', 'its longest time is over', 4000, 36, 100, 1, '', 1795000045750000, -1, -1, 1795004146250000, 7200, 0, 72000, 'pr_1', 'key_1', 1, 47, 46750000, 46750000, 1, 0, 0, 7200, 0, -1);
INSERT INTO leases VALUES('ls_3', 'tn_a', 'want ls_3', 'a lease', 'c.1.on_demand', 'c', 1, 'on_demand', 'failed', 'no core came up', 600, 36, 100, 1, '', 1795004146500000, -1, -1, 1795004146750000, 0, 0, 0, 'pr_1', 'key_1', 1, 50, 4147500000, 4147500000, 0, 0, 0, 0, 0, -1);
INSERT INTO leases VALUES('ls_4', 'tn_a', 'want ls_4', 'a lease', 'c.1.on_demand', 'c', 1, 'on_demand', 'active', '', 7200, 36, 100, 1, '', 1795004148500000, 4149750000, -1, -1, 0, 72000, 0, 'pr_1', 'key_1', 1, 58, 4149500000, 4149500000, 0, 0, 0, 0, 0, -1);
INSERT INTO leases VALUES('ls_5', 'tn_a', 'want ls_5', 'a lease', 'c.1.spot', 'c', 1, 'spot', 'active', '', 300, 36, 100, 1, '', 1795004147250000, 4148500000, -1, -1, 0, 3000, 0, 'pr_1', 'key_1', 1, 53, 4148250000, 4148250000, 0, 0, 0, 0, 60, -1);
INSERT INTO endpoints VALUES('ep_2', 'tn_a', 'shared', 'sha256:1', '', 'c.shared', 'c', 1, 333, 1, 'ready', '', '1', '', '', 1795000007750000, '');
INSERT INTO events VALUES(1, 'c.0', 1795000004500000, 'up', '');
INSERT INTO events VALUES(2, 'c.1', 1795000004750000, 'up', '');
INSERT INTO events VALUES(3, 'c.2', 1795000005000000, 'up', '');
INSERT INTO events VALUES(4, 'ls_1', 1795000006000000, 'requested', 'tn_a');
INSERT INTO events VALUES(5, 'ls_1', 1795000006000000, 'granted: c.0 (fence 24)', 'tn_a');
INSERT INTO events VALUES(6, 'ls_1', 1795000007250000, 'active', 'tn_a');
INSERT INTO events VALUES(7, 'ep_1', 1795000007500000, 'created', 'tn_a');
INSERT INTO events VALUES(8, 'ep_2', 1795000007750000, 'created', 'tn_a');
INSERT INTO events VALUES(9, 'ep_1', 1795000008000000, 'ready', 'tn_a');
INSERT INTO events VALUES(10, 'ep_2', 1795000008250000, 'ready', 'tn_a');
INSERT INTO events VALUES(11, 'ls_1', 1795000022750000, 'extended by 30 s', 'tn_a');
INSERT INTO events VALUES(12, 'ls_1', 1795000023000000, 'granted: c.1 (fence 40)', 'tn_a');
INSERT INTO events VALUES(13, 'ls_1', 1795000023250000, 'active', 'tn_a');
INSERT INTO events VALUES(14, 'ls_1', 1795000045250000, 'draining: released', 'tn_a');
INSERT INTO events VALUES(15, 'ls_1', 1795000045500000, 'ended: released', 'tn_a');
INSERT INTO events VALUES(16, 'ls_2', 1795000045750000, 'requested', 'tn_a');
INSERT INTO events VALUES(17, 'ls_2', 1795000045750000, 'granted: c.0 (fence 47)', 'tn_a');
INSERT INTO events VALUES(18, 'ls_2', 1795000046000000, 'active', 'tn_a');
INSERT INTO events VALUES(19, 'ls_2', 1795004146250000, 'ended: its longest time is over', 'tn_a');
INSERT INTO events VALUES(20, 'ls_3', 1795004146500000, 'requested', 'tn_a');
INSERT INTO events VALUES(21, 'ls_3', 1795004146500000, 'granted: c.0 (fence 50)', 'tn_a');
INSERT INTO events VALUES(22, 'ls_3', 1795004146750000, 'failed: no core came up', 'tn_a');
INSERT INTO events VALUES(23, 'tn_a', 1795004147000000, 'credited 0.000002345: an hour without answers', 'tn_a');
INSERT INTO events VALUES(24, 'ls_5', 1795004147250000, 'requested', 'tn_a');
INSERT INTO events VALUES(25, 'ls_5', 1795004147250000, 'granted: c.0 (fence 53)', 'tn_a');
INSERT INTO events VALUES(26, 'ls_5', 1795004147500000, 'active', 'tn_a');
INSERT INTO events VALUES(27, 'c.1', 1795004147750000, 'failed: its self-test', '');
INSERT INTO events VALUES(28, 'ep_1', 1795004148250000, 'deleted', 'tn_a');
INSERT INTO events VALUES(29, 'ls_4', 1795004148500000, 'requested', 'tn_a');
INSERT INTO events VALUES(30, 'ls_4', 1795004148500000, 'granted: c.2 (fence 58)', 'tn_a');
INSERT INTO events VALUES(31, 'ls_4', 1795004148750000, 'active', 'tn_a');
INSERT INTO invoices VALUES('tn_a', 'inv_tn_a_1', 1795000025000000, 1, 5, 5, 3, '{
  "invoice": "inv_tn_a_1",
  "tenant": "tn_a",
  "currency": "USD",
  "created_at": "2026-11-18T11:07:04.750000Z",
  "period_from": "2026-11-18T11:06:49.750000Z",
  "period_to": "2026-11-18T11:07:04.750000Z",
  "price_books": [
    {"version": 1, "sha256": "085f0fb266b08dbf3d3ba156eade499e931ef68fa98f51c9a5ef5d7da7e966b4"}
  ],
  "lines": [
    {"kind": "capacity", "subject": "ls_1", "project": "pr_1", "offer": "c.1.on_demand", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 36, "count": 1, "seconds": 15, "cycles": 0, "picojoules": 0, "exact_nano": 150, "amount_micro": 0},
    {"kind": "work", "subject": "ep_1", "project": "pr_1", "offer": "c.1.on_demand", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 100, "count": 2, "seconds": 0, "cycles": 126123, "picojoules": 882861, "exact_nano": 3504, "amount_micro": 3},
    {"kind": "work", "subject": "ep_2", "project": "pr_1", "offer": "c.shared", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 333, "count": 2, "seconds": 0, "cycles": 5778, "picojoules": 40446, "exact_nano": 535, "amount_micro": 0}
  ],
  "records": 5,
  "first_sequence": 1,
  "last_sequence": 5,
  "chain_before": "0000000000000000000000000000000000000000000000000000000000000000",
  "chain_after": "9ce3c740366800c2110da36ba4ac661e56ea2d9215c1b7f0361d3b44daa8dfe8",
  "records_sha256": "f726151b5e74d8d63f235a5e3ad1bfbfc804b5b4678765d50b684978be88854e",
  "exact_nano": 4189,
  "rounding_nano": 1189,
  "total_micro": 3,
  "total": "0.000003",
  "sha256": "0a790bdef5c5ede710f0bf079740b66e38b0d788da3e3c1cfab615003979713e"
}
');
INSERT INTO invoices VALUES('tn_a', 'inv_tn_a_2', 1795004148000000, 6, 8, 3, 69, '{
  "invoice": "inv_tn_a_2",
  "tenant": "tn_a",
  "currency": "USD",
  "created_at": "2026-11-18T12:15:47.750000Z",
  "period_from": "2026-11-18T11:07:25.500000Z",
  "period_to": "2026-11-18T12:15:47.000000Z",
  "price_books": [
    {"version": 1, "sha256": "085f0fb266b08dbf3d3ba156eade499e931ef68fa98f51c9a5ef5d7da7e966b4"}
  ],
  "lines": [
    {"kind": "capacity", "subject": "ls_1", "project": "pr_1", "offer": "c.1.on_demand", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 36, "count": 1, "seconds": 23, "cycles": 0, "picojoules": 0, "exact_nano": 230, "amount_micro": 0},
    {"kind": "capacity", "subject": "ls_2", "project": "pr_1", "offer": "c.1.reserved", "chip": "c", "cores": 1, "price_book_version": 1, "micro_per_core_hour": 36, "count": 1, "seconds": 7200, "cycles": 0, "picojoules": 0, "exact_nano": 72000, "amount_micro": 72},
    {"kind": "adjustment", "subject": "an hour without answers", "offer": "", "chip": "", "cores": 1, "price_book_version": 0, "micro_per_core_hour": 0, "count": 1, "seconds": 0, "cycles": 0, "picojoules": 0, "exact_nano": -2345, "amount_micro": -3}
  ],
  "records": 3,
  "first_sequence": 6,
  "last_sequence": 8,
  "chain_before": "9ce3c740366800c2110da36ba4ac661e56ea2d9215c1b7f0361d3b44daa8dfe8",
  "chain_after": "157728986e7d6e5a26e39e1a6b76cc96e79b423a09c47642527b768b8b3883b4",
  "records_sha256": "2e8b03b3984f72f0b536f3700b9dd6af0ce82b464d9e72119cac0cb0a5d4b5b0",
  "exact_nano": 69885,
  "rounding_nano": 885,
  "total_micro": 69,
  "total": "0.000069",
  "sha256": "96837ff75cce6d4f8d037b9d45801dbd9a710e12afdf7a15b9ff57fa3c9dbfce"
}
');
INSERT INTO projects VALUES('pr_1', 'tn_a', 'vision', 1795000001500000);
INSERT INTO caps VALUES('key_1', 'tn_a', 30000000, 76419, 75000, '', 0);
INSERT INTO caps VALUES('pr_1', 'tn_a', 3000000, 76419, 75000, '50,100', 0);
INSERT INTO quotas VALUES('tn_b', 4, 2, 3, 4, 1048576, 50);
INSERT INTO book_signatures VALUES(1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO chips VALUES('c.0', 'c', 0, 2, 2, 'up', '');
INSERT INTO chips VALUES('c.1', 'c', 1, 2, 0, 'failed', 'its self-test');
INSERT INTO chips VALUES('c.2', 'c', 2, 2, 1, 'up', '');
INSERT INTO places VALUES('ls_4', 'c.2', 1);
INSERT INTO places VALUES('ls_5', 'c.0', 1);
INSERT INTO places VALUES('pool:c.shared', 'c.0', 1);
CREATE UNIQUE INDEX holds_quote ON holds(quote) WHERE quote <> '';
CREATE UNIQUE INDEX records_quote ON records(quote) WHERE quote <> '';
CREATE INDEX leases_tenant ON leases(tenant);
CREATE INDEX events_subject ON events(subject);
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END;
CREATE TRIGGER entries_keep BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END;
CREATE TRIGGER records_stay BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'usage records are append-only'); END;
CREATE TRIGGER records_keep BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'usage records are append-only'); END;
CREATE TRIGGER journal_stay BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_keep BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER invoices_stay BEFORE UPDATE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices are append-only'); END;
CREATE TRIGGER invoices_keep BEFORE DELETE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices are append-only'); END;
CREATE TRIGGER books_stay BEFORE UPDATE ON price_books BEGIN SELECT RAISE(ABORT, 'price books never change'); END;
CREATE TRIGGER books_keep BEFORE DELETE ON price_books BEGIN SELECT RAISE(ABORT, 'price books never change'); END;
CREATE INDEX events_tenant ON events(tenant, sequence) WHERE tenant <> '';
CREATE INDEX records_time ON records(tenant, wall_us);
CREATE INDEX places_chip ON places(chip);
CREATE INDEX leases_open ON leases(state) WHERE state NOT IN ('ended', 'failed');
CREATE INDEX leases_state ON leases(state, chip);
CREATE INDEX leases_tenant_state ON leases(tenant, state);
CREATE UNIQUE INDEX leases_quote ON leases(quote) WHERE quote <> '';
PRAGMA application_id=1129926215;
PRAGMA user_version=2;
